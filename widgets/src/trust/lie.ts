// The lying slider: the learned attention morphs into the furthest found that leaves the answer where
// it is. Drawn between frames; told are frames.
//
//   [data-role=lie]           data-state=waiting|ready|error|none (no two items), data-seq, data-moving
//   [data-role=lie-sentence], [data-role=lie-play], [data-role=lie-scrub] (a range; data-frame),
//   [data-role=lie-table] (shows [data-role=lie-numbers])
//   [data-role=lie-bar]       data-position, data-weight (drawn now), data-own
//   [data-role=lie-row]       data-item, data-score (drawn now)
//   [data-role=lie-divergence|lie-change|lie-same]  data-value, of the frame
import { attributes, el, hide, setText } from '../dom';
import { capital, score } from '../model/format';
import { bound, follows, nats, tellLie, type Lie, type NoLie } from './lie_model';
import { Scores, Weights } from './lie_rows';
import { numbers } from './numbers';
import { say } from './say';
import { playsOnSpace, Transport } from './transport';
import type { Report, View } from './types';

export class LieView implements View<Lie | NoLie> {
  readonly node = el('div', { class: 'lie', 'data-role': 'lie', role: 'group', 'aria-label': 'The lying slider' });
  #says = el('p', { class: 'says', role: 'status', 'data-role': 'lie-sentence' });
  #progress = el('div', { class: 'progress' }, el('i', {}));
  #moved = el('i', {});
  #figures = {
    divergence: figure('lie-divergence', 'Attention moved by'),
    change: figure('lie-change', 'Largest change of a score'),
    same: figure('lie-same', 'Top list the same'),
  };
  #weights = new Weights();
  #scores = new Scores();
  #follows = el('p', {});
  #follows_not = el('p', {});
  #note = el('p', { class: 'small' });
  #table = numbers('lie');
  #transport: Transport;
  #body = el('div', { class: 'lie-body' });
  #lie: Lie | null = null;

  constructor() {
    this.#transport = new Transport({ role: 'lie', plays: 'the morph', slides: 'From the learned attention to the furthest found', pace: 220, told: Math.round, draw: () => this.#draw() });
    const { divergence, change, same } = this.#figures;
    divergence.node.append(el('span', { class: 'meter', 'aria-hidden': 'true' }, this.#moved));
    this.#body.append(
      el('div', { class: 'track' }, this.#transport.button, el('span', { 'aria-hidden': 'true' }, 'learned'), this.#transport.range, el('span', { 'aria-hidden': 'true' }, 'as different as was found')),
      el('div', { class: 'figures' }, divergence.node, change.node, same.node),
      el('div', { class: 'lists' }, this.#weights.node, this.#scores.node),
      el('div', { class: 'follows' }, this.#follows, this.#follows_not),
      el('div', { class: 'under' }, this.#note, this.#table.button),
    );
    this.node.append(this.#says, this.#progress, this.#body, this.#table.node);
    playsOnSpace(this.node, this.#transport);
  }

  update(report: Report, told: Lie | NoLie | null): void {
    const alone = report.items.length < 2, refused = told?.error ?? null;
    attributes(this.node, { 'data-state': alone ? 'none' : refused !== null ? 'error' : told ? 'ready' : 'waiting', 'data-seq': told?.seq ?? null });
    hide(this.#progress, alone || told !== null);
    if (alone) say(this.#says, [report.items.length ? `A history of one ${report.words.item}: all attention is on it, and cannot move.` : 'No history, no attention to move.']);
    else if (!told) say(this.#says, ['Searching for the most different attention that leaves the recommendations as they are.']);
    else say(this.#says, told.error === null ? tellLie(told) : [`${capital(told.error).replace(/\.$/, '')}.`]);
    hide(this.#body, alone || refused !== null || !this.#lie && !told);
    if (alone || !told || told.error !== null) { this.#transport.rest(); hide(this.#table.node, true); return; }
    if (told === this.#lie) return;
    const first = this.#lie === null, lie = this.#lie = told;
    const [so, notSo] = follows(lie, report.words);
    setText(this.#follows, so);
    setText(this.#follows_not, notSo);
    setText(this.#note, `Bars: mean over ${list(lie.maps)} and their heads; outline and hollow dots: as learned. Bound of the search: the top ${lie.ranking[0]!.length} stays, and the recommendations change by at most ${lie.epsilon} (total variation).`);
    this.#table.set(() => tables(lie));
    this.#transport.reset(lie.frames - 1, first ? 0 : undefined);
  }

  #draw(): void {
    const lie = this.#lie;
    if (!lie) return;
    const { value, step, moving, range } = this.#transport, { divergence, change, same } = this.#figures;
    const moved = lie.divergence[step]!, most = nats(lie.most, 3);
    divergence.tell(`${nats(moved, 3)} of at most ${most} nats`, moved);
    change.tell(bound(lie.score_change[step]!, 3), lie.score_change[step]!);
    same.tell(lie.same_top[step] ? 'yes' : 'no', String(lie.same_top[step]));
    this.#moved.style.width = `${100 * moved / lie.most}%`;
    this.#weights.draw(lie, value, step);
    this.#scores.draw(lie, value, step);
    attributes(range, { 'data-frame': step, 'aria-valuetext': step ? `moved by ${nats(moved, 3)} of at most ${most} nats; no score by more than ${bound(lie.score_change[step]!, 3)}` : 'as learned' });
    attributes(this.node, { 'data-moving': String(moving) });
  }

  dispose(): void { this.#transport.halt(); }
}

function figure(role: string, label: string): { node: HTMLElement; tell(text: string, value: number | string): void } {
  const told = el('b', { 'data-role': role });
  return { node: el('p', {}, el('span', { class: 'label' }, label), told), tell(text, value) { setText(told, text); attributes(told, { 'data-value': value }); } };
}

const list = (names: string[]): string => (names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0] ?? 'every map');

const tables = (lie: Lie) => [
  {
    caption: 'What each frame does', head: ['frame', 'divergence, nats', 'total variation', 'largest score change', 'same top'],
    rows: lie.divergence.map((d, f) => [f, nats(d, 6), nats(lie.total_variation[f]!, 6), nats(lie.score_change[f]!, 6), lie.same_top[f] ? 'yes' : 'no']),
  },
  {
    caption: 'Attention, learned and at the last frame', head: ['position', 'title', 'learned', 'last'],
    rows: lie.items.map((item, i) => [item.position, item.title, nats(lie.own[i]!, 6), nats(lie.weights.at(-1)![i]!, 6)]),
  },
  {
    caption: 'Scores, learned and at the last frame', head: ['rank', 'title', 'learned', 'last'],
    rows: lie.ranking.at(-1)!.map((one, r) => [r + 1, one.title, score(lie.ranking[0]!.find(o => o.id === one.id)?.score ?? NaN, 6), score(one.score, 6)]),
  },
];
