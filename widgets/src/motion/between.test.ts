import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryMark, Marks, RankMark } from '../model/marks';
import { between } from './between';

const row = (key: string, order: number, weight: number | null): HistoryMark => ({ key, id: key, position: order + 1, order, height: 1, opacity: 1, weights: [weight], hue: weight });
const film = (id: string, rank: number, score: number): RankMark => ({ id, rank, score, opacity: 1, dot: 1, z: 1, leaving: false });
const state = (rows: HistoryMark[], ranks: RankMark[]): Marks => ({ history: rows, panels: [{ ranks, scale: 100 }], now: rows.length, seen: rows.length, first: 0 });

const before = state([row('a', 0, .5), row('b', 1, .2), row('c', 2, .3)], [film('x', 0, 3), film('y', 1, 2), film('z', 2, 1)]);
const after = state([row('a', 0, .6), row('c', 1, .4)], [film('y', 0, 3), film('x', 1, 2.5), film('w', 2, 2)]);
const of = (marks: Marks, key: string): HistoryMark => marks.history.find(m => m.key === key)!;
const ranked = (marks: Marks, id: string): RankMark | undefined => marks.panels[0]!.ranks.find(r => r.id === id);

test('the end is the target itself', () => {
  assert.equal(between(before, after, 1, 'edit', 10), after);
});

test('the beginning is what was drawn', () => {
  const start = between(before, after, 0, 'edit', 10);
  for (const key of ['a', 'b', 'c']) {
    assert.equal(of(start, key).order, of(before, key).order);
    assert.deepEqual(of(start, key).weights, of(before, key).weights);
  }
  for (const id of ['x', 'y', 'z']) assert.equal(ranked(start, id)!.rank, ranked(before, id)!.rank);
});

test('midway everything lies strictly between', () => {
  const mid = between(before, after, .5, 'edit', 10), inside = (v: number, a: number, b: number) => assert.ok(v > Math.min(a, b) && v < Math.max(a, b), `${v} in ${a}..${b}`);
  inside(of(mid, 'c').order, 2, 1);
  inside(of(mid, 'c').weights[0]!, .3, .4);
  inside(of(mid, 'a').weights[0]!, .5, .6);
  inside(of(mid, 'b').height, 1, 0);
  inside(of(mid, 'b').weights[0]!, .2, 0);
  inside(ranked(mid, 'y')!.rank, 1, 0);
  inside(ranked(mid, 'x')!.rank, 0, 1);
  inside(ranked(mid, 'w')!.opacity, 0, 1);
  inside(mid.now, 3, 2);
});

test('what leaves closes towards its place and has no position; heights always add up to the list', () => {
  for (const t of [.2, .5, .8]) {
    const marks = between(before, after, t, 'edit', 10), gone = of(marks, 'b'), below = of(marks, 'c');
    assert.equal(gone.position, 0);
    assert.ok(Math.abs(gone.order + gone.height - below.order) < 1e-9);
  }
});

test('who falls makes room before who rises follows', () => {
  const early = between(before, after, .28, 'edit', 10);
  assert.ok(ranked(early, 'x')!.rank > 0);
  assert.equal(ranked(early, 'y')!.rank, 1);
  assert.ok(ranked(early, 'y')!.z > ranked(early, 'x')!.z);
});

test('an interrupted motion goes on from where it is', () => {
  const half = between(before, after, .5, 'edit', 10), start = between(half, before, 0, 'edit', 10);
  for (const key of ['a', 'b', 'c']) {
    assert.ok(Math.abs(of(start, key).order - of(half, key).order) < 1e-9);
    assert.ok(Math.abs(of(start, key).height - of(half, key).height) < 1e-9);
  }
});

test('wherever a motion is interrupted, by whatever, the next frame is the one that was drawn', () => {
  const third = state([row('c', 0, .1), row('b', 1, .9)], [film('w', 0, 4), film('z', 1, 2)]);
  const drawn = (marks: Marks) => ({
    now: marks.now, scale: marks.panels[0]!.scale,
    rows: marks.history.map(m => [m.key, m.order, m.height, m.opacity, m.weights[0] ?? 0] as const).filter(m => m[3] > 0),
    ranks: marks.panels[0]!.ranks.map(r => [r.id, r.rank, r.score, r.opacity, r.dot] as const).filter(r => r[3] > 0),
  });
  for (const motion of ['edit', 'lens', 'track'] as const) for (const next of ['edit', 'lens', 'track'] as const) for (const t of [.1, .3, .5, .8, .97]) for (const to of [before, third]) {
    const last = drawn(between(before, after, t, motion, 10)), first = drawn(between(between(before, after, t, motion, 10), to, 0, next, 10));
    for (const part of ['rows', 'ranks'] as const) {
      const there = new Map(first[part].map(one => [one[0], one]));
      for (const one of last[part]) one.forEach((v, i) => {
        const now = there.get(one[0])?.[i];
        assert.ok(v === now || Math.abs(Number(v) - Number(now)) < 1e-9, `${motion} at ${t}, then ${next}: ${one[0]}[${i}] jumps from ${v} to ${now}`);
      });
    }
    assert.deepEqual([last.now, last.scale], [first.now, first.scale]);
  }
});

test('unknown weights are drawn as none', () => {
  const unknown = state([row('a', 0, null)], []), known = state([row('a', 0, 1)], []);
  const mid = of(between(unknown, known, .5, 'lens', 10), 'a').weights[0]!;
  assert.ok(mid > 0 && mid < 1);
  assert.equal(of(between(unknown, unknown, .5, 'lens', 10), 'a').weights[0], null);
});

test('a panel more than before comes from nothing', () => {
  const two = { ...after, panels: [...after.panels, ...after.panels] };
  assert.equal(between(before, two, .5, 'edit', 10).panels.length, 2);
});
