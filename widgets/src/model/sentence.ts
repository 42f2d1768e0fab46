// The sentence over the picture: heading, tooltip and announcement in one, always written from
// the data. A piece in an object is a title and is set strong.
import type { Answer, Id, Label, Panel, Preview, PreviewPanel, Words } from '../types';
import type { Change, Move } from './change';
import { count, score, decimals, thousands, weight } from './format';
import { type Ghost, ghostsOf, rises, stays } from './ghosts';
import { type LensView, lowers, ownShares, raises } from './lens';

export type Piece = string | { title: string };
export type Sentence = Piece[];

export interface Told {
  answer: Answer;
  change: Change;
  words: Words;
  label(id: Id): Label;
  /** What a trust panel shows of this very state; null: nothing. */
  lens: LensView | null;
}

const LONGEST = 60;
const strong = (title: string): Piece => {
  const letters = [...title];
  return { title: letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('').trimEnd()}…` : title };
};
const name = (told: Told, id: Id): Piece => strong(told.label(id).title);

export const asText = (sentence: Sentence): string => sentence.map(p => (typeof p === 'string' ? p : p.title)).join('');

/** The positions of the heaviest, heaviest first. */
export const heaviest = (row: ArrayLike<number>): number[] =>
  Array.from(row, (w, i) => [Math.abs(w), i] as const).filter(([w]) => w > 0).sort((a, b) => b[0] - a[0] || a[1] - b[1]).map(([, i]) => i + 1);

export const empty = ({ item }: Words): Sentence => [`No history yet. Add ${/^[aeiou]/i.test(item) ? 'an' : 'a'} ${item}, and the model answers at once.`];
export const asking = (first: boolean): Sentence => [first ? 'Asking the model for its first answer. The history is ready to edit.' : 'Asking the model. The history is ready to edit.'];

/** The picture as a whole. */
export function tell(told: Told, inSight: number): Sentence {
  const { change, words } = told;
  if (['remove', 'add', 'move', 'replace'].includes(change.kind)) return edited(told);
  const { panels, shown } = told.answer;
  if (told.lens && shown.query === shown.now) return [...(panels.length > 1 ? [`${panels[0]!.name}: `] : []), ...tellLens(told.lens, words, position => told.label(told.answer.shown.history[position - 1]!).title)];
  return atRest(told, inSight);
}

function opening(told: Told): Sentence {
  const { change, answer, words } = told, { items, positions } = change;
  const listed = (): Sentence => (items.length > 2 ? [count(items.length, words)] : items.flatMap((id, i) => (i ? [' and ', name(told, id)] : [name(told, id)])));
  if (change.kind === 'remove') return ['Without ', ...listed(), ', '];
  if (change.kind === 'add') return ['With ', ...listed(), ', '];
  if (change.kind === 'move') return ['With ', ...listed(), ` at ${positions![1]} instead of ${positions![0]}, `];
  return [`With ${answer.shown.history.length === 1 ? 'this history' : 'these'} ${answer.shown.history.length === 1 ? `of one ${words.item}` : count(answer.shown.history.length, words)}, `];
}

function edited(told: Told): Sentence {
  const { answer, change } = told, start = opening(told);
  if (answer.panels.length > 1) return [...start, ...answer.panels.flatMap((p, k): Sentence => {
    const first = p.recommendations[0];
    if (!first) return [];
    const moved = change.moves[k]?.get(first.id);
    return [k ? '; ' : '', `${p.name} ${moved ? 'now puts ' : 'still puts '}`, name(told, first.id), ' first'];
  }), '.'];
  const first = answer.panels[0]?.recommendations[0], moves = change.moves[0] ?? new Map<Id, Move>();
  if (!first) return [...start, 'there is nothing to recommend.'];
  if (!moves.size) return [...start, 'the ranking stays as it is.'];
  const ranked = [...moves].filter(([, m]) => m.from && m.to);
  const climb = ranked.filter(([, m]) => m.to < m.from).sort((a, b) => b[1].from - b[1].to - (a[1].from - a[1].to) || a[1].to - b[1].to)[0];
  const drop = ranked.filter(([, m]) => m.to > m.from).sort((a, b) => b[1].to - b[1].from - (a[1].to - a[1].from) || a[1].from - b[1].from)[0];
  const top = moves.get(first.id), rises: Sentence = [];
  if (top) rises.push(name(told, first.id), top.from ? ` rises from ${top.from} to 1` : ' enters at 1');
  else {
    rises.push(name(told, first.id), ' stays first');
    if (climb) rises.push(', ', name(told, climb[0]), ` rises from ${climb[1].from} to ${climb[1].to}`);
  }
  if (drop) rises.push(' and ', name(told, drop[0]), ` falls from ${drop[1].from} to ${drop[1].to}`);
  return [...start, ...rises, '.'];
}

function atRest(told: Told, inSight: number): Sentence {
  const { answer, words } = told, { shown, panels } = answer, n = shown.history.length;
  const seen = shown.now < n ? `Of the first ${count(shown.now, words)}` : `Of ${count(n, words)}`;
  const fromHere = shown.query < shown.now;
  if (panels.length > 1) return twoModels(told, seen);
  const panel = panels[0];
  if (!panel) return [`${seen}, the model says nothing.`];
  const first = panel.recommendations[0];
  const advice: Sentence = first ? ['It would recommend ', name(told, first.id), '.'] : [];
  if (!panel.row) {
    const second = panel.recommendations[1];
    const then: Sentence = second ? [', then ', name(told, second.id)] : [];
    return first ? [`From ${shown.now < n ? `the first ${count(shown.now, words)}` : count(n, words)}, the model would recommend `, name(told, first.id), ...then, '.'] : [];
  }
  const order = heaviest(panel.row), at = (position: number): Sentence => [name(told, shown.history[position - 1]!), `, ${weight(panel.row![position - 1]!, panel.normalisation)}`];
  if (!order.length) return [`${seen}, the model looks at none. `, ...advice];
  if (fromHere || shown.view === 'matrix') {
    const where = shown.query === n ? `the last of ${count(n, words)}` : `${words.item} ${shown.query} of ${n}`;
    return ['Read from ', name(told, shown.history[shown.query - 1]!), `, ${where}, ${lens(answer, panel)} looks most at `, ...at(order[0]!), '.'];
  }
  if (n > inSight && shown.now === n && panel.normalisation === 'softmax') {
    const recent = panel.row.slice(n - inSight).reduce((s, w) => s + w, 0), back = order.find(p => p <= n - inSight && panel.row![p - 1]! >= 1 / n); // more than its even share
    return [`Of ${count(n, words)}, the last ${inSight} hold ${weight(recent, 'softmax')} of the attention. `,
      ...(back ? ['Further back, ', name(told, shown.history[back - 1]!), ` alone holds ${weight(panel.row[back - 1]!, 'softmax')}.`] as Sentence : advice)];
  }
  if (n === 1) return ['The model sees one ', `${words.item}, `, name(told, shown.history[0]!), '. ', ...advice];
  if (order.length === 1) return [`${seen}, the model looks only at `, ...at(order[0]!), '. ', ...advice];
  return [`${seen}, the model looks most at `, ...at(order[0]!), ', and ', ...at(order[1]!), '. ', ...advice];
}

/** Whether what weighs much really speaks for the target: what an explorer and a trust panel say alike. */
export function tellLens(lens: LensView, { item, items }: Pick<Words, 'item' | 'items'>, title: (position: number) => string): Sentence {
  const { effects, negligible, above } = lens, n = above.length;
  const target = strong(lens.target.title), at = (position: number): Piece => strong(title(position)), effect = (position: number): number => effects[position - 1] ?? 0;
  const most = (positions: number[]): number => positions.reduce((best, p) => (effect(p) > effect(best) ? p : best), positions[0]!), least = (positions: number[]): number => positions.reduce((best, p) => (effect(p) < effect(best) ? p : best));
  const weighed = `weighed above average${lens.shares ? ` by ${lens.label}` : ''}`, against = above.filter(p => lens.hatched.has(p));
  if (effects.length === 1) return [`The model sees one ${item}, `, at(1), ': there is nothing to weigh it against.'];
  if (!n) {
    const best = most(effects.map((_, i) => i + 1));
    return [`No ${item} is ${weighed}`, ...(raises(effect(best), negligible) ? ['; ', at(best), ' raises ', target, ' most.'] as Sentence : ['.'])];
  }
  if (n === 1) {
    const does = against.length ? 'in fact lowers ' : raises(effect(above[0]!), negligible) ? 'raises ' : 'hardly moves ';
    return [`The one ${item} ${weighed}, `, at(above[0]!), `, ${does}`, target, '.'];
  }
  if (!against.length) {
    const best = most(above), none = n === 2 ? `Neither of the two ${items}` : `None of the ${n} ${items}`;
    return [`${none} ${weighed} lowers `, target, ...(raises(effect(best), negligible) ? ['; ', at(best), ' raises it most.'] as Sentence : ['.'])];
  }
  if (against.length === 1) return [`1 of the ${n} ${items} ${weighed} in fact lowers `, target, ': ', at(against[0]!), '.'];
  const who = against.length < n ? `${against.length} of the ${n} ${items}` : n === 2 ? `Both ${items}` : `All ${n} ${items}`;
  return [`${who} ${weighed} in fact lower `, target, '; ', at(least(against)), ' lowers it most.'];
}

function twoModels(told: Told, seen: string): Sentence {
  const { panels, shown } = told.answer, looks = panels.flatMap((p, k): Sentence => {
    const position = p.row ? heaviest(p.row)[0] : undefined, first = p.recommendations[0];
    const join = k ? '; ' : '';
    if (p.row && position) return [`${join}${p.name} looks most at `, name(told, shown.history[position - 1]!), `, ${weight(p.row[position - 1]!, p.normalisation)}`];
    return first ? [`${join}${p.name} would recommend `, name(told, first.id)] : [];
  });
  const [a, b] = panels.map(p => new Set(p.recommendations.map(r => r.id)));
  const shared = [...a!].filter(id => b!.has(id)).length, of = Math.min(a!.size, b!.size);
  return [`${seen}, `, ...looks, '. ', `They share ${shared} of their top ${of}.`];
}

/** "layer 2", or "layer 2, head 3", or a named map. */
export function lens({ shown }: Answer, panel: Panel): string {
  const head = shown.head !== null && panel.heads > 1 ? `, head ${shown.head}` : '';
  return `layer ${shown.layer}${head}`;
}

/** What a key calls the weights on the screen. */
export function lensInFull(answer: Answer, panel: Panel): string {
  if (panel.heads <= 1) return `layer ${answer.shown.layer}`;
  return `layer ${answer.shown.layer}, ${answer.shown.head === null ? `mean of ${panel.heads} heads` : `head ${answer.shown.head} of ${panel.heads}`}`;
}

/** The ranking without the item at a position. */
export function tellPreview(told: Told, { position, panels }: Preview): Sentence {
  const { answer } = told, id = answer.shown.history[position - 1];
  if (id === undefined) return [];
  const start: Sentence = ['If ', name(told, id), ' were not there, '];
  const parts = answer.panels.map((panel, k): Sentence => (panels[k] ? without(told, panel, panels[k], answer.panels.length > 1) : []));
  return [...start, ...parts.flatMap((part, k) => (k && part.length ? ['; ', ...part] : part)), '.'];
}

function without(told: Told, panel: Panel, preview: PreviewPanel, named: boolean): Sentence {
  const { listed, entering } = ghostsOf(panel, preview), first = preview.recommendations[0], now = panel.recommendations[0];
  if (!first || !now) return [named ? `${panel.name} would recommend nothing` : 'nothing would be recommended'];
  const top = first.id !== now.id;
  if (named) return [`${panel.name} would ${top ? 'put ' : 'still put '}`, name(told, first.id), ' first'];
  const ghosts = [...listed.values()], moved = ghosts.filter(g => !stays(g));
  if (!moved.length && !entering.length) return ['the ranking would stay as it is'];
  const far = (g: Ghost): number => Math.abs((g.to ?? Infinity) - g.from), furthest = (of: Ghost[]) => of.toSorted((a, b) => far(b) - far(a))[0];
  const drop = top ? listed.get(now.id) : furthest(moved.filter(g => !rises(g))), climb = top ? undefined : furthest(moved.filter(rises));
  return [name(told, first.id), top ? ' would come first' : ' would stay first',
    ...(climb ? [drop ? ', ' : ' and ', name(told, climb.id), ` would rise to ${climb.to}`] as Sentence : []),
    ...(drop ? [' and ', name(told, drop.id), drop.to ? ` would fall to ${thousands(drop.to)}` : ' would fall out'] as Sentence : [])];
}

/** One row of the history. */
export function tellRow(told: Told, position: number): Sentence {
  const { answer, words } = told, { shown, panels } = answer, n = shown.history.length, id = shown.history[position - 1];
  if (id === undefined) return [];
  const place: Sentence = [name(told, id), `, ${words.item} ${position} of ${n}`];
  if (position > shown.now) return [...place, ', is later than now: the model does not see it.'];
  const attended = panels.filter(p => p.row), own = ownShares(told.lens, 0), effect = told.lens ? tellEffect(told.lens, position) : [];
  if (own) return [...place, `, weighs ${weight(own[position - 1] ?? 0, 'softmax')} by ${told.lens!.label}`, ...effect, '.'];
  if (!attended.length) return [...place, '.'];
  if (position > shown.query) return [...place, `, is later than ${words.item} ${shown.query}, which is read from.`];
  const parts = attended.map(p => `${weight(p.row![position - 1] ?? 0, p.normalisation)}${panels.length > 1 ? ` in ${p.name}` : ''}`);
  const softmax = attended.every(p => p.normalisation === 'softmax');
  return [...place, softmax ? `, takes ${parts.join(' and ')} of the attention` : `, has a weight of ${parts.join(' and ')}`, ...effect, '.'];
}

/** What leaving out the item at a position does to the one that is explained. */
function tellEffect({ effects, negligible, digits, target }: LensView, position: number): Sentence {
  const effect = effects[position - 1] ?? null;
  if (effect === null) return [];
  if (!lowers(effect, negligible) && !raises(effect, negligible)) return [' and hardly moves ', strong(target.title)];
  return [` and ${effect < 0 ? 'lowers' : 'raises'} `, strong(target.title), ` by ${Math.abs(effect).toFixed(digits)}`];
}

/** One cell of the matrix. */
export function tellCell(told: Told, k: number, query: number, key: number): Sentence {
  const { answer } = told, panel = answer.panels[k], { history } = answer.shown, n = history.length, from = history[query - 1], to = history[key - 1];
  if (!panel?.matrix || from === undefined || to === undefined) return [];
  const w = panel.matrix[(query - 1) * Math.round(Math.sqrt(panel.matrix.length)) + key - 1] ?? 0;
  const said = w === 0 && key > query ? 'does not see the later ' : query === key ? 'looks at itself' : 'looks at ';
  return ['Read from ', name(told, from), `, ${query} of ${n}, ${lens(answer, panel)} ${said}`, ...(query === key ? [] : [name(told, to)]), ...(w === 0 && key > query ? [] : [`, ${weight(w, panel.normalisation)}`]), '.'];
}

/** One row of the ranking. */
export function tellRanked(told: Told, k: number, id: Id): Sentence {
  const panel = told.answer.panels[k], list = panel?.recommendations ?? [], i = list.findIndex(r => r.id === id);
  if (!panel || i < 0) return [];
  const digits = decimals(list.map(r => r.score)), here = list[i]!, above = list[i - 1], moved = told.change.moves[k]?.get(id);
  const was = moved ? (moved.from ? `, up from ${moved.from}`.replace('up', moved.from < here.rank ? 'down' : 'up') : ', new in the list') : '';
  return [name(told, id), `, rank ${here.rank}${was}, scores ${score(here.score, digits)}`,
    ...(above ? [`, ${score(above.score - here.score, digits)} below `, name(told, above.id)] as Sentence : []), '.'];
}
