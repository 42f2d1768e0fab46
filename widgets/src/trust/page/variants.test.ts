import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRIORITY } from '../../worker/protocol';
import { IDS, toySource } from './toy';
import { type Case, Variants } from './variants';

const [E, F] = [IDS.indexOf('e') + 1, IDS.indexOf('f') + 1];

function variants(more: Partial<Case> = {}, broken?: () => string | null) {
  const { source, asked } = toySource(broken);
  return { asked, variants: new Variants({ source, items: Int32Array.of(1, 2, 3, 4), leftOut: Int32Array.of(1, 2, 3, 4), target: E, first: F, removal: 'drop', ...more }) };
}
const go = () => new AbortController().signal;

test('score, rank, what comes first and its lead', async () => {
  const { variants: v } = variants();
  await v.ask(['1111', '1000', '0000', '0100'], go());
  assert.deepEqual(v.get('1111'), { score: 5 - 2 + 1, rank: 2, first: F, lead: 4.5 - 4 });
  assert.deepEqual(v.get('1000'), { score: 5, rank: 1, first: E, lead: 4.5 - 5 });
  assert.deepEqual(v.get('0000'), { score: 0, rank: 3, first: F, lead: 4.5 - .5 }, 'of no history');
  assert.deepEqual(v.get('0100'), { score: -2, rank: 3, first: F, lead: 4.5 - .5 });
});

test('each is asked for once, with less than an edit', async () => {
  const { variants: v, asked } = variants();
  await v.ask(['1111', '1010', '1010'], go());
  await v.ask(['1010', '1000'], go());
  await v.ask(['1111'], go());
  assert.deepEqual(asked.map(one => one.rows.map(row => [...row.items])), [[[1, 3], [1, 2, 3, 4]], [[1]]]);
  assert.equal(v.asked, 3);
  for (const { kind, priority } of asked) assert.deepEqual([kind, priority], ['scores', PRIORITY.measure]);
});

test('of two that stand side by side and are the same, either may be gone', async () => {
  const items = Int32Array.of(1, 3, 3), { variants: v, asked } = variants({ items });
  await v.ask(['101', '110'], go());
  await v.ask(['110'], go());
  assert.deepEqual(asked.map(one => one.rows.map(row => [...row.items])), [[[1, 3]]]);
  assert.equal(v.get('101'), v.get('110'));
  const { variants: masked, asked: both } = variants({ items, removal: 'mask' });
  await masked.ask(['101', '110'], go());
  assert.equal(both[0]!.rows.length, 2);
});

test('masked items keep their places', async () => {
  const { variants: v, asked } = variants({ removal: 'mask' });
  await v.ask(['1010'], go());
  assert.deepEqual([...asked[0]!.rows[0]!.items], [1, 2, 3, 4]);
  assert.deepEqual([...asked[0]!.rows[0]!.mask!], [1, 0, 1, 0]);
  assert.equal(v.get('1010').score, 5 + 1);
});

test('many are asked for in parts, between which it can be stopped', async () => {
  const { variants: v, asked } = variants({ items: Int32Array.of(1, 2, 3, 4, 5, 6, 7) }), stop = new AbortController();
  const all = Array.from({ length: 128 }, (_, i) => i.toString(2).padStart(7, '0')), going = v.ask(all, stop.signal);
  await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
  stop.abort();
  await assert.rejects(going, { name: 'AbortError' });
  assert.ok(asked.length === 1 && asked[0]!.rows.length < all.length);
  const before = v.asked;
  await v.ask(all, go());
  assert.equal(v.asked, 128);
  assert.ok(before > 0 && asked.at(-1)!.rows.length < 128, 'what had come stayed');
  const { variants: other, asked: none } = variants();
  await assert.rejects(other.ask(['1111'], stop.signal), { name: 'AbortError' });
  assert.equal(none.length, 0);
});

test('a model that breaks is told by its name', async () => {
  await assert.rejects(variants({}, () => 'gave scores that are not numbers').variants.ask(['1111'], go()), { message: 'Additive gave scores that are not numbers' });
});
