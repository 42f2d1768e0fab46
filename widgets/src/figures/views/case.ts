// One case of a model of features: what each field says, gets of the attention, and adds to the score;
// what comes of it; and what leaving out the fields of low attention costs.
//
//   [data-role=case-field]  data-field, data-attention, data-shapley (drawn now), data-off=true (attention
//                           disagrees), data-dropped=true, data-changed=true; in it [data-role=case-value]
//   [data-role=case-user|case-item|case-pin|case-reset]; see case_outcome.ts and case_threshold.ts
import { attributes, el, hide, Keyed, setText } from '../../dom';
import type { AnyModel } from '../../engine/store';
import { effect, minus, percent } from '../../model/format';
import { LayerButtons } from '../layer_buttons';
import { Tween } from '../tween';
import type { Mark, State, Tabular, View } from '../types';
import { changesOf, Pin, set, setupOf, ValuePicker, WhoPicker } from './case_controls';
import { main, Outcome, value } from './case_outcome';
import { Threshold } from './case_threshold';
import type { CaseFrame, CaseSetup } from './case_types';

const NARROW = 860, EVEN = 2; // px; the axis of attention reaches at least so many even shares

interface Scales { attention: number; shapley: number; importance: number }

export class CaseView implements View<CaseFrame> {
  readonly node = el('div', { class: 'case' });
  readonly tools: HTMLElement;
  readonly keeps = ['item', 'context'] as const;
  #layers: LayerButtons;
  #setup: CaseSetup;
  #user: WhoPicker;
  #item: WhoPicker;
  #pin: Pin;
  #reset = el('button', { type: 'button', class: 'link', 'data-role': 'case-reset', title: 'What the data say, and no circumstances' }, 'Reset');
  #pinned = el('span', { class: 'pinned' });
  #rows = el('div', { class: 'fields' });
  #threshold: Threshold;
  #outcome = new Outcome();
  #pickers = new Map<string, ValuePicker>();
  #drawn: Keyed<HTMLElement, number>;
  #tween = new Tween();
  #frame: CaseFrame | null = null;
  #state: State | null = null;
  #scales: Scales = { attention: 1, shapley: 1, importance: 1 };

  constructor(private model: AnyModel) {
    this.#setup = setupOf(model);
    this.#layers = new LayerButtons(model);
    this.tools = this.#layers.node;
    this.#user = new WhoPicker(model, 'user', 'User', this.#setup.users.map(id => [id, String(id)]));
    this.#item = new WhoPicker(model, 'item', 'Item', this.#setup.items);
    this.#pin = new Pin(model);
    this.#threshold = new Threshold(model);
    for (const field of this.#setup.fields) this.#pickers.set(field.name, new ValuePicker(model, field));
    const heads = ['Field', 'says', 'Attention', 'Adds to the score', 'Shuffled'].map((text, i) => el('span', { class: `c${i}` }, text));
    this.#reset.addEventListener('click', () => set(model, { changes: {} }));
    const table = el('div', { class: 'table' }, el('div', { class: 'line heads' }, ...heads), this.#rows);
    this.#drawn = new Keyed(this.#rows, () => el('div', { class: 'line', 'data-role': 'case-field' },
      el('span', { class: 'c0', dir: 'auto' }), el('span', { class: 'c1' }), el('span', { class: 'c2 plot' }, el('i', { class: 'even' }), el('i', { class: 'bar' }), el('i', { class: 'then' }), el('b', {})),
      el('span', { class: 'c3 plot' }, el('i', { class: 'zero' }), el('i', { class: 'bar' }), el('i', { class: 'then' }), el('b', {})), el('span', { class: 'c4' })));
    this.node.append(
      el('div', { class: 'who-line' }, this.#user.node, this.#item.node, this.#reset, this.#pin.node, this.#pinned),
      el('div', { class: 'body' }, table, this.#outcome.node), this.#threshold.node,
    );
  }

  get moving(): boolean { return this.#tween.moving; }

  dispose(): void { this.#tween.stop(); }

  draw(frame: CaseFrame, state: State): void {
    this.#frame = frame;
    this.#state = state;
    attributes(this.node, { class: state.width < NARROW ? 'case narrow' : 'case' });
    const { names, attention, shapley, pinned } = frame, known = [...attention.data, ...pinned?.attention.data ?? []].filter(v => !Number.isNaN(v));
    this.#scales = {
      attention: Math.max(EVEN / names.length, ...known),
      shapley: Math.max(1e-9, ...[...shapley.data, ...pinned?.shapley.data ?? []].map(Math.abs)),
      importance: Math.max(1e-9, ...this.#setup.importance ?? []),
    };
    this.#user.update(String(this.model.get('user')));
    this.#item.update(this.#setup.items.find(([id]) => id === this.model.get('item'))?.[1] ?? String(this.model.get('item')));
    this.#pin.update(frame);
    this.#layers.offer(frame.layers.map(layer => `layer ${layer}`), frame.layers, state.choice.layer);
    setText(this.#pinned, pinned ? `Hollow: the pinned case, ${pinned.title}` : '');
    hide(this.#reset, !Object.keys(changesOf(this.model)).length);
    this.#outcome.update(frame, this.model.get('item'));
    this.#threshold.update(frame);
    const goal = new Float32Array([...attention.data, ...shapley.data, main(frame)]);
    this.#tween.to(goal, state.tween, this.#paint);
  }

  #paint = (): void => {
    const frame = this.#frame!, now = this.#tween.now, n = frame.names.length, { choice } = this.#state!, { importance } = this.#setup;
    this.#drawn.update([...frame.names.keys()], i => frame.names[i]!, (node, i) => {
      const name = frame.names[i]!, picker = this.#pickers.get(name), [first, says, gets, adds, shuffled] = node.children as unknown as HTMLElement[];
      const share = now[i]!, added = now[n + i]!, silent = !frame.words[i], off = frame.off[i]!, dropped = frame.dropped[i]!;
      attributes(node, {
        class: `line${choice.field === name ? ' chosen' : ''}${silent ? ' silent' : ''}${dropped ? ' dropped' : ''}${off ? ' off' : ''}`,
        'data-field': name, 'data-attention': Number.isNaN(share) ? null : share, 'data-shapley': added,
        'data-off': off ? 'true' : null, 'data-dropped': dropped ? 'true' : null, 'data-changed': frame.changed[i] ? 'true' : null,
      });
      setText(first!, name);
      if (picker) {
        if (says!.firstChild !== picker.node) says!.replaceChildren(picker.node);
        picker.update(frame.words[i]!);
      } else setText(says!, frame.words[i]!);
      this.#bar(gets!, 0, share, this.#scales.attention, Number.isNaN(share) || silent ? '' : percent(share), frame.pinned?.attention.data[i]);
      attributes(gets!.children[0]!, { hidden: Number.isNaN(share) });
      (gets!.children[0] as HTMLElement).style.left = `${100 / frame.names.length / this.#scales.attention}%`;
      this.#bar(adds!, .5, added, 2 * this.#scales.shapley, silent ? '' : effect(added, 2, .005), frame.pinned?.shapley.data[i]);
      const cost = importance?.[i];
      setText(shuffled!, cost === undefined ? '' : minus(cost.toFixed(3)));
    });
    this.#outcome.paint(now[2 * n]!, frame);
  };

  /** A bar from `zero` of the width, its number beside it, and the pinned case's end as a hollow mark. */
  #bar(plot: HTMLElement, zero: number, v: number, scale: number, told: string, then: number | undefined): void {
    const [, bar, mark, number] = plot.children as unknown as HTMLElement[], size = Number.isNaN(v) ? 0 : Math.min(1, Math.abs(v) / scale), left = v < 0 ? zero - size : zero;
    bar!.style.left = `${100 * left}%`;
    bar!.style.width = `${100 * size}%`;
    attributes(bar!, { class: v < 0 ? 'bar lowers' : 'bar' });
    attributes(mark!, { hidden: then === undefined || Number.isNaN(then) });
    if (then !== undefined) mark!.style.left = `${100 * (zero + then / scale)}%`;
    setText(number!, told);
    number!.style.left = zero ? '' : `${100 * size}%`;
  }

  find(key: string): Mark | null {
    const node = [...this.node.querySelectorAll<HTMLElement>('[data-role=case-field], [data-role=case-ranked]')].find(one => keyOf(one) === key);
    return node ? this.#mark(node) : null;
  }

  at(x: number, y: number): Mark | null {
    const stage = this.node.getBoundingClientRect();
    for (const node of this.node.querySelectorAll<HTMLElement>('[data-role=case-field], [data-role=case-ranked]')) {
      const box = node.getBoundingClientRect(), control = node.querySelector('select')?.getBoundingClientRect(), at = x + stage.left;
      if (y + stage.top < box.top || y + stage.top >= box.bottom || at < box.left || at >= box.right) continue;
      return control && at >= control.left - 4 && at <= control.right + 4 ? null : this.#mark(node);
    }
    return null;
  }

  step(from: Mark | null, key: string): Mark | null {
    const all = [...this.node.querySelectorAll<HTMLElement>('[data-role=case-field]'), ...this.node.querySelectorAll<HTMLElement>('[data-role=case-ranked]')]
      .sort((a, b) => (a.dataset.rank ? Number(a.dataset.rank) : 0) - (b.dataset.rank ? Number(b.dataset.rank) : 0));
    const at = from ? all.findIndex(node => keyOf(node) === from.key) : -1;
    const to = key === 'Home' ? 0 : key === 'End' ? all.length - 1 : key === 'ArrowUp' || key === 'ArrowLeft' ? Math.max(0, at - 1) : Math.min(all.length - 1, at + 1);
    return all[to] ? this.#mark(all[to]) : null;
  }

  #mark(node: HTMLElement): Mark {
    const stage = this.node.getBoundingClientRect(), box = node.getBoundingClientRect(), frame = this.#frame!;
    const base = { key: keyOf(node), box: { x: box.left - stage.left, y: box.top - stage.top, w: box.width, h: box.height } };
    const { field, item } = node.dataset;
    if (field === undefined) {
      const one = frame.ranking.find(ranked => String(ranked.id) === item)!;
      return { ...base, told: [{ title: one.title }, `: rank ${one.rank}, score ${minus(one.score.toFixed(3))}. Enter asks about it.`], choice: { item: one.id } };
    }
    const i = frame.names.indexOf(field), gets = frame.attention.data[i]!, cost = this.#setup.importance?.[i];
    const told = [
      { title: field }, frame.words[i] ? ` says ${frame.words[i]!}` : ' says nothing',
      Number.isNaN(gets) ? '' : `; it gets ${percent(gets)} of the attention (even: ${percent(1 / frame.names.length)})`,
      `; it adds ${effect(frame.shapley.data[i]!, 3, 0)} to the score`, cost === undefined ? '' : `; shuffled over the test part it costs ${minus(cost.toFixed(4))}`,
      frame.off[i] ? '. Attention and what it adds disagree' : '', frame.dropped[i] ? '. Left out by the threshold' : '',
    ];
    return { ...base, told, choice: { field } };
  }

  tables(): Tabular[] {
    const frame = this.#frame!, { importance } = this.#setup, told = (v: number) => (Number.isNaN(v) ? '' : minus(v.toFixed(6)));
    return [
      {
        caption: `${frame.title}: ${value(frame.prediction, frame.score, frame.unit)}, score ${minus(frame.score.toFixed(4))}`, head: ['field', 'of the', 'says', 'attention', 'adds to the score', 'shuffled', 'left out'],
        rows: frame.names.map((name, i) => [name, frame.sides[i]!, frame.words[i]!, told(frame.attention.data[i]!), told(frame.shapley.data[i]!), importance?.[i] === undefined ? '' : told(importance[i]!), frame.dropped[i] ? 'yes' : '']),
      },
      { caption: 'Ranking', head: ['rank', 'title', 'score'], rows: frame.ranking.map(({ rank, title, score }) => [rank, title, told(score)]) },
    ];
  }
}

const keyOf = (node: HTMLElement): string => (node.dataset.field === undefined ? `item ${node.dataset.item!}` : `field ${node.dataset.field}`);
