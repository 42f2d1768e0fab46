// A panel without a kernel: what Python has saved, and what the page works out itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Race } from '../race_model';
import type { Flip, Report } from '../types';
import { PageLink } from './link';
import { TARGET, toldOf, toyExplorer } from './toy';
import type { Told } from './told';

const FOUR = ['a', 'b', 'c', 'd'];

function linked(more: Partial<Told> = {}, history = FOUR, broken?: () => string | null) {
  const explorer = toyExplorer(history, broken), told = toldOf(history, more), { model } = new PageLink(told, explorer.beside);
  const get = <T>(name: string): T => model.get(name) as T, report = () => get<Report>('_report');
  const until = async (what: () => boolean) => {
    for (const end = Date.now() + 4000; !what(); await new Promise(resolve => setTimeout(resolve, 2))) if (Date.now() > end) throw new Error(`waited too long for ${what}`);
  };
  return { ...explorer, told, panel: model, get, report, until, ready: () => until(() => report().state === 'ready'), lens: () => explorer.model.get('_lens') as Record<string, unknown> };
}

const valuesOf = ({ rows, values }: Report, name: string) => values[rows.indexOf(name)];

test('it begins with what Python has measured, and asks nothing', () => {
  const { report, lens, asked } = linked();
  assert.equal(report().state, 'ready');
  assert.equal(report().foot, 'Python');
  assert.deepEqual(report().choices.map(one => one.id), ['f', 'e', 'g']);
  assert.deepEqual([lens().name, lens().values, lens().history], ['attention', null, FOUR]);
  assert.equal(asked.length, 0);
});

test('another lens is drawn at once', () => {
  const { panel, lens, report } = linked();
  panel.set('lens', 'gradient');
  assert.deepEqual([lens().name, lens().values, lens().signed], ['gradient', [100, 101, 102, 103], true]);
  assert.equal(report().seq, 1, 'the report is the same');
});

test('after an edit it measures again what takes forward passes', async () => {
  const { session, report, ready, lens } = linked();
  session.set({ history: ['a', 'b', 'c'] });
  assert.equal(report().state, 'measuring');
  await ready();
  const { items, effects, methods, rows, orders, foot, k, metrics, cells, target } = report();
  assert.deepEqual(items.map(item => item.id), ['a', 'b', 'c']);
  assert.deepEqual(effects, [5, -2, 1]);
  assert.deepEqual(target, { ...TARGET, score: 4, rank: 2 });
  assert.deepEqual(rows, ['attention', 'leave-one-out', 'uniform', 'random']);
  // Of 5, -2, 1 attention takes the last first, then the second: it leaves 3, 5, 0.
  assert.deepEqual(valuesOf(report(), 'attention'), [4 - 5, (0 / 2 + 1 - 1 + 4 / 2) / 3, 4 - (1 - 2), -1 / 3, 1 / 2]);
  assert.deepEqual(valuesOf(report(), 'leave-one-out'), [4 - -2, (0 / 2 + 5 + 6 + 4 / 2) / 3, 4 - 6, null, 0]);
  assert.deepEqual(cells, { 'leave-one-out': { Kendall: 'itself' } });
  assert.deepEqual(methods.map(method => method.reason), [null, 'gradient: needs the kernel', null]);
  assert.equal(methods[0]!.note, 'layer 1, mean of heads');
  assert.deepEqual([k, orders, metrics[0]!.name, metrics[0]!.says], [2, 20, 'comprehensiveness@2', '2 of them']);
  assert.equal(foot, 'Additive · leave-one-out by dropping · 20 random orders in this page, seed 0');
  assert.deepEqual([lens().history, lens().effects], [['a', 'b', 'c'], [5, -2, 1]]);
});

test('undone, it shows what Python has measured again, and what was measured here once stays', async () => {
  const { session, report, ready, asked } = linked();
  session.set({ history: ['a', 'b', 'c'] });
  await ready();
  session.set({ history: FOUR });
  assert.equal(report().state, 'ready');
  assert.equal(report().foot, 'Python');
  const { length } = asked;
  session.set({ history: ['a', 'b', 'c'] });
  assert.equal(report().state, 'ready');
  await new Promise(resolve => setTimeout(resolve, 300));
  assert.equal(asked.length, length);
});

test('the next edit ends what is under way; nothing is measured while the hand moves', async () => {
  const { session, wait, asked, report, ready, until } = linked();
  session.set({ history: ['a', 'b', 'c'] });
  session.set({ history: ['a', 'c'] });
  await until(() => asked.length > 0);
  wait(true);
  assert.equal(report().state, 'measuring');
  assert.ok(asked.at(-1)!.cancelled);
  assert.ok(asked.every(one => one.rows.every(row => row.items.length <= 2)), 'nobody asked about what was passed by');
  wait(false);
  await ready();
  assert.deepEqual(report().effects, [5, 1]);
});

test('another layer or head of the saved state measures attention alone', async () => {
  const { session, report, ready, told } = linked(), { beside } = toyExplorer(FOUR), other = beside.page.present()!;
  assert.equal(told.report.methods[0]!.values![0], 100);
  session.set({ history: FOUR }); // as before: nothing to do
  assert.equal(report().state, 'ready');
  const { Findings } = await import('./findings'), { subjectOf } = await import('./subject');
  const findings = new Findings(subjectOf(other, null, 'drop'), told, 'another view'), found = await findings.report(other, new AbortController().signal);
  assert.deepEqual(found.methods[0]!.values!.map(value => Math.round(value * 10)), [1, 2, 3, 4]);
  assert.deepEqual(found.methods[1], told.report.methods[1]);
  assert.notDeepEqual(found.values[0], told.report.values[0]);
  assert.deepEqual(found.values.slice(1), told.report.values.slice(1));
  await ready();
});

test('masking, where the model can', async () => {
  const { panel, report, ready, asked } = linked();
  panel.set('removal', 'mask');
  await ready();
  assert.equal(report().removal, 'mask');
  assert.ok(asked.every(one => one.rows.every(row => row.items.length === 4 && row.mask)));
  const { panel: other, report: told } = linked({ anew: { ...toldOf(FOUR).anew, masks: false } });
  other.set('removal', 'mask');
  assert.equal(told().error, "removal: Additive cannot mask positions; use 'drop'");
  other.set('removal', 'drop');
  assert.deepEqual([told().state, told().error], ['ready', null]);
});

test('another target, and one that came into the history', async () => {
  const { panel, session, report, ready } = linked();
  panel.set('target', 'g');
  await ready();
  assert.deepEqual([report().target!.id, report().target!.rank, report().effects.map(Math.abs)], ['g', 3, [0, 0, 0, 0]]);
  session.set({ history: ['a', 'g'] });
  await ready();
  assert.equal(report().target!.id, 'e');
  assert.equal(report().note, 'Item g is in the history and is not recommended; Item e is explained.');
});

test('the race has the lens, leave-one-out and a random order', async () => {
  const { panel, session, get, ready, until } = linked();
  session.set({ history: ['a', 'b', 'c'] });
  await ready();
  panel.set('tab', 'race');
  await until(() => 'racers' in get<Race>('_race'));
  const { racers, counts, items, band, score, orders } = get<Race>('_race');
  assert.deepEqual(racers.map(racer => racer.label), ['Attention', 'Leave-one-out', 'Random']);
  assert.deepEqual(counts, [0, 1, 2], 'one stays');
  assert.deepEqual([items.length, score, orders, band[0].length], [3, 4, 20, 3]);
  assert.deepEqual([racers[0]!.order, racers[0]!.scores, racers[0]!.ranks], [[3, 2, 1], [4, 3, 5], [2, 2, 1]]);
  assert.deepEqual(racers[0]!.firsts.map(first => first?.id), ['f', 'f', 'e']);
  assert.deepEqual(get<Race>('_race').absent, []);
  panel.set('lens', 'gradient');
  await until(() => get<Race>('_race').racers[0]!.name === 'leave-one-out');
  assert.deepEqual(get<Race>('_race').absent, ['gradient: needs the kernel']);
  panel.set('lens', 'attention');
  panel.set('removal', 'mask');
  await ready();
  await until(() => get<Race>('_race').removal === 'mask');
  assert.deepEqual(get<Race>('_race').racers[0]!.firsts.at(-1), null);
});

test('races, flip and slider that Python has worked out are shown as they are', async () => {
  const race = { racers: [], counts: [0] } as unknown as Race, flip = { found: true, removed: [2] } as unknown as Flip;
  const { panel, get, until } = linked({ races: { attention: race }, flip, lie: { error: 'as saved' } });
  assert.deepEqual(get('_flip'), { ...flip, seq: 1 });
  panel.set('tab', 'race');
  await until(() => 'racers' in get<Race>('_race'));
  const shown = get('_race');
  assert.deepEqual(shown, { ...race, seq: 1 });
  panel.set('tab', 'slider');
  await until(() => 'error' in get<object>('_lie'));
  assert.deepEqual(get('_lie'), { error: 'as saved', seq: 1 });
  panel.set('tab', 'race');
  assert.equal(get('_race'), shown, 'no other, from which it would begin anew');
});

test('the slider of an edited history needs the kernel', async () => {
  const { panel, session, get, ready, until } = linked({ lie: { error: 'as saved' } });
  session.set({ history: ['a', 'b'] });
  panel.set('tab', 'slider');
  await ready();
  await until(() => 'error' in get<object>('_lie'));
  assert.equal(get<{ error: string }>('_lie').error, 'the search for other attention needs the kernel');
});

test('a flip is found on request, played as an edit and taken back', async () => {
  const { panel, session, get, ready, until } = linked({ traits: { ...toldOf(FOUR).traits, target: null } });
  session.set({ history: FOUR, now: 3 });
  await ready();
  assert.deepEqual(get('_flip'), {});
  panel.send({ type: 'flip' });
  await until(() => 'found' in get<Flip>('_flip'));
  const { removed, before, after, minimal, of, played } = get<Flip>('_flip');
  assert.deepEqual([removed, before.id, after.id, minimal, of, played], [[2], 'f', 'e', true, 3, false]); // 5 + 1 beats 4.5
  panel.send({ type: 'play_flip' });
  assert.deepEqual([session.traits().history, session.traits().now, session.past()], [['a', 'c', 'd'], 2, [FOUR]]);
  await ready();
  assert.ok(get<Flip>('_flip').played);
  panel.send({ type: 'undo_flip' });
  assert.deepEqual([session.traits().history, session.traits().now, session.past(), session.future()], [FOUR, 3, [], [['a', 'c', 'd']]]);
  assert.deepEqual([get<Flip>('_flip').removed, get<Flip>('_flip').played], [[2], false]);
});

test('a flip that was played before it was saved can be taken back', () => {
  const flip = { found: true, removed: [1] } as unknown as Flip, { panel, session, get } = linked({ played: { history: FOUR, now: null, now_before: null, flip } });
  assert.ok(get<Flip>('_flip').played);
  session.set({ past: [['g', ...FOUR]] });
  panel.send({ type: 'undo_flip' });
  assert.deepEqual(session.traits().history, ['g', ...FOUR]);
});

test('no history, one item, and a longer one than is read', async () => {
  const { session, report, ready, lens } = linked();
  session.set({ history: [] });
  assert.deepEqual([report().state, report().items, lens()], ['empty', [], {}]);
  session.set({ history: ['a'] });
  await ready();
  assert.deepEqual([report().effects, report().k, valuesOf(report(), 'attention')], [[5], 1, [5, 5 / 2, 0, null, 0]]);
  session.set({ history: ['b', 'b', ...FOUR] });
  await ready();
  assert.deepEqual([report().unread, report().items.map(item => item.position), report().effects], [2, [3, 4, 5, 6], [5, -2, 1, 0]]);
  assert.deepEqual(lens().effects, [0, 0, 5, -2, 1, 0]);
});

test('a failure is told, and the next edit is measured', async () => {
  let wrong: string | null = 'gave scores that are not numbers';
  const { session, report, until, ready, lens } = linked({}, FOUR, () => wrong);
  session.set({ history: ['a', 'b'] });
  await until(() => report().state === 'error');
  assert.equal(report().error, 'Additive gave scores that are not numbers');
  assert.deepEqual(lens(), {});
  wrong = null;
  session.set({ history: ['a', 'c'] });
  await ready();
  assert.equal(report().error, null);
});

test('where the page answers no more, it says so', () => {
  const { end, report } = linked();
  end();
  assert.deepEqual([report().state, report().error], ['error', 'Additive stopped answering.']);
});

test('saved with no history, or where it could not be measured, it measures by itself', async () => {
  for (const state of ['empty', 'error'] as const) {
    const { report } = toldOf(FOUR), { ready, report: shown } = linked({ report: { ...report, state, metrics: [], target: null } });
    await ready();
    assert.deepEqual(shown().effects, [5, -2, 1, 0]);
  }
});
