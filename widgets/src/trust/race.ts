// The deletion race: every explanation takes items out of the history in its own order, side by
// side, and the target's score falls. See race_model.ts for what is told.
//
//   [data-role=race]          data-state=waiting|ready|none (no two items), data-seq, data-moving and
//                             data-playing (true|false)
//   [data-role=race-sentence], [data-role=race-step] (data-count: how many are deleted),
//   [data-role=race-play], [data-role=race-scrub] (a range; its value is the step),
//   [data-role=race-table] (shows [data-role=race-numbers])
//   [data-role=racer]         data-name
//   [data-role=race-item]     data-name, data-position, data-gone=true|false
//   [data-role=race-point]    data-name, data-count, data-score, as far as the line is drawn
import { attributes, el, hide, place, setText, toggle } from '../dom';
import { count, score } from '../model/format';
import { Chart, heightBeside } from './race_chart';
import { Columns } from './race_columns';
import { rowsFor, standing, tellRace, type Race } from './race_model';
import { numbers } from './numbers';
import { say } from './say';
import { playsOnSpace, Transport } from './transport';
import type { Report, View } from './types';

const WIDE = 1060; // px from which the chart stands beside the histories
const BELOW = 240; // px of its height where it stands below them

export class RaceView implements View<Race> {
  readonly node = el('div', { class: 'race', 'data-role': 'race', role: 'group', 'aria-label': 'Deletion race' });
  #says = el('p', { class: 'says', role: 'status', 'data-role': 'race-sentence' });
  #progress = el('div', { class: 'progress' }, el('i', {}));
  #columns = new Columns();
  #chart = new Chart();
  #step = el('span', { 'data-role': 'race-step' });
  #transport: Transport;
  #track = el('div', { class: 'track' });
  #beside = el('div', { class: 'beside' });
  #body = el('div', { class: 'race-body' });
  #note = el('p', { class: 'small' });
  #table = numbers('race');
  #race: Race | null = null;
  #items = 'items';
  #width = 0; // of the chart
  #resize = new ResizeObserver(() => this.#fit());

  constructor() {
    this.#transport = new Transport({
      role: 'race', plays: 'the race', slides: 'Items deleted', pace: 450, told: value => Math.ceil(value - .02), draw: () => this.#draw(),
    });
    this.#track.append(this.#transport.button, this.#transport.range);
    this.#beside.append(this.#chart.node, this.#track, el('div', { class: 'under' }, this.#step, this.#table.button), this.#note);
    this.#body.append(this.#columns.node, this.#beside);
    this.node.append(this.#says, this.#progress, this.#body, this.#table.node);
    playsOnSpace(this.node, this.#transport);
    this.#resize.observe(this.node);
  }

  update(report: Report, race: Race | null): void {
    const { words, items } = report, alone = items.length < 2;
    this.#items = words.items;
    attributes(this.node, { 'data-state': alone ? 'none' : race ? 'ready' : 'waiting', 'data-seq': race?.seq ?? null });
    hide(this.#progress, alone || race !== null);
    hide(this.#body, alone || !this.#race && !race);
    if (alone) say(this.#says, [items.length ? `A history of one ${words.item} has one order: there is nothing to race.` : 'No history, nothing to race.']);
    else say(this.#says, race ? tellRace(race) : ['Deleting in each order, and asking the model after every step.']);
    if (alone || !race) { this.#transport.rest(); hide(this.#table.node, true); return; }
    if (race === this.#race) return;
    const first = this.#race === null;
    this.#race = race;
    const takes = race.removal === 'drop' ? 'the sequence closes up' : 'their places stay, with nothing in them';
    setText(this.#note, `Grey: 95% of ${race.orders} random orders, step by step. Large dot: no longer recommended first. Deleted ${words.items}: ${takes}.${(race.absent ?? []).map(why => ` ${why}.`).join('')}`);
    this.#columns.set(race);
    this.#table.set(() => tables(race));
    this.#transport.reset(race.counts.length - 1, first ? 0 : undefined);
    this.#fit();
  }

  #fit(): void {
    const width = Math.floor(this.node.clientWidth);
    if (!width) this.#transport.halt(); // out of sight
    if (!width || !this.#race) return;
    toggle(this.node, 'wide', width >= WIDE);
    this.#width = Math.floor(this.#beside.clientWidth);
    this.#draw();
  }

  #draw(): void {
    const race = this.#race;
    if (!race || !this.#width) return;
    const { value, step, playing, moving, range } = this.#transport, gone = race.counts[step]!;
    const rows = rowsFor(race.items.length).height * race.items.length;
    this.#columns.show(race, step);
    this.#chart.draw(race, this.#width, this.node.classList.contains('wide') ? heightBeside(rows) : BELOW, value, playing);
    place(range, Chart.track(this.#width));
    const told = `${gone} of ${count(race.items.length, { item: this.#items, items: this.#items })} deleted`;
    setText(this.#step, told);
    attributes(this.#step, { 'data-count': gone });
    attributes(range, { 'aria-valuetext': `${told}. ${race.racers.map(r => `${r.label}: ${score(r.scores[step]!)}, ${standing(race, r, step)}`).join('; ')}` });
    attributes(this.node, { 'data-moving': String(moving), 'data-playing': String(playing) });
  }

  dispose(): void {
    this.#resize.disconnect();
    this.#transport.halt();
  }
}

const tables = ({ counts, racers, band, target }: Race) => [
  {
    caption: `Score and rank of ${target.title} as items are deleted`,
    head: ['deleted', ...racers.flatMap(r => [r.label, 'rank']), '2.5% of random', '97.5%'],
    rows: counts.map((n, i) => [n, ...racers.flatMap(r => [score(r.scores[i]!, 6), r.ranks[i]!]), ...band.map(end => score(end[i]!, 6))]),
  },
  { caption: 'Recommended first', head: ['deleted', ...racers.map(r => r.label)], rows: counts.map((n, i) => [n, ...racers.map(r => r.firsts[i]?.title ?? '')]) },
  { caption: 'Deleted in this order, by position', head: ['as number', ...racers.map(r => r.label)], rows: racers[0]!.order.map((_, i) => [i + 1, ...racers.map(r => r.order[i]!)]) },
];
