// The arithmetic of a case, as attnrec/explanations/features has it: what each field gets of the
// attention, Shapley values, and where both disagree.

/** A map of the record: who looks, what is looked at, and whether its rows sum to one. */
export interface MapTold { name: string; queries: string[]; keys: string[]; normalisation: string; heads: number }

/** `fields` by name: one, or two of a pair; null: a key that is no field. */
export function fieldsOf(key: string, names: readonly string[]): number[] | null {
  const alone = names.indexOf(key);
  if (alone >= 0) return [alone];
  for (let i = 0; i < names.length; i++) for (let j = i + 1; j < names.length; j++) if (key === `${names[i]!} × ${names[j]!}`) return [i, j];
  return null;
}

/** What each field gets; NaN where no map tells of it. `layer` and `head` from 1; null: the mean. */
export function fieldAttention(maps: readonly MapTold[], weights: readonly Float32Array[], names: readonly string[], real: readonly boolean[], layer: number | null, head: number | null): Float32Array<ArrayBuffer> {
  const told = maps.flatMap((map, i) => {
    const members = map.keys.map(key => fieldsOf(key, names));
    const chosen = layer === null || layer === i + 1;
    return chosen && members.length && members.every(one => one !== null) ? [{ map, members: members as number[][], weights: weights[i]! }] : [];
  });
  const groups = new Map<string, { members: number[][]; shares: Float64Array[] }>();
  for (const { map, members, weights: w } of told) {
    const key = JSON.stringify(map.keys), group = groups.get(key) ?? { members, shares: [] };
    group.shares.push(ofKeys(w, map.heads, map.keys.length, head));
    groups.set(key, group);
  }
  const counts = new Map([...groups].map(([key, { members }]) => [key, names.filter((_, f) => real[f] && members.some(one => one.includes(f))).length]));
  const total = Math.max(1, [...counts.values()].reduce((a, b) => a + b, 0)), shared = told.every(({ map }) => map.normalisation === 'softmax');
  const found = new Float32Array(names.length).fill(NaN);
  for (const [key, { members, shares }] of groups) {
    const each = new Map<number, number>();
    members.forEach((fields, k) => {
      const share = shares.reduce((sum, one) => sum + one[k]!, 0) / shares.length * (shared ? counts.get(key)! / total : 1);
      for (const field of fields) each.set(field, (each.get(field) ?? 0) + share / fields.length);
    });
    for (const [field, share] of each) found[field] = (Number.isNaN(found[field]) ? 0 : found[field]!) + share;
  }
  return found;
}

/** What each key gets: the mean over heads, and over the queries that say something. */
function ofKeys(weights: Float32Array, heads: number, keys: number, head: number | null): Float64Array {
  const queries = weights.length / heads / keys, sum = new Float64Array(keys), chosen = head === null ? [...Array(heads).keys()] : [head - 1];
  let asks = 0;
  for (let q = 0; q < queries; q++) {
    let any = false;
    for (let k = 0; k < keys; k++) {
      const mean = chosen.reduce((s, h) => s + weights[(h * queries + q) * keys + k]!, 0) / chosen.length;
      if (mean > 0) any = true;
      sum[k]! += mean;
    }
    if (any) asks++;
  }
  return sum.map(v => v / Math.max(1, asks));
}

/** Exact Shapley values out of what every coalition is worth; bit f of its number: field f is in it. */
export function shapley(worths: ArrayLike<number>, players: number): Float32Array<ArrayBuffer> {
  const weight = weights(players), sizes = Uint8Array.from(worths, (_, s) => bits(s)), values = new Float32Array(players);
  for (let f = 0; f < players; f++) {
    let value = 0;
    for (let s = 0; s < worths.length; s++) if (!(s >> f & 1)) value += weight[sizes[s]!]! * (worths[s | 1 << f]! - worths[s]!);
    values[f] = value;
  }
  return values;
}

/** |S|! (n − |S| − 1)! / n!, by |S|. */
function weights(n: number): number[] {
  const found = [1 / n];
  for (let size = 1; size < n; size++) found.push(found[size - 1]! * size / (n - size));
  return found;
}

const bits = (n: number): number => { let count = 0; for (; n; n &= n - 1) count++; return count; };

/** Where the attention differs from the size of the Shapley value: in rank by more than a third of all, and in share by more than half an even one. */
export function disagreeing(attention: Float32Array, values: Float32Array, compared: readonly boolean[]): boolean[] {
  const at = compared.flatMap((yes, i) => (yes ? [i] : [])), n = at.length, off = compared.map(() => false);
  if (n < 2) return off;
  const one = at.map(i => Math.max(0, attention[i]!)), other = at.map(i => Math.abs(values[i]!));
  const [ranks, theirs] = [ranked(one), ranked(other)], [shares, those] = [sharesOf(one), sharesOf(other)];
  at.forEach((i, k) => { off[i] = Math.abs(ranks[k]! - theirs[k]!) > n / 3 && Math.abs(shares[k]! - those[k]!) > .5 / n; });
  return off;
}

/** From 1, the largest first; equal ones have the mean of their ranks. */
function ranked(values: readonly number[]): number[] {
  return values.map(v => values.filter(u => u > v).length + (values.filter(u => u === v).length + 1) / 2);
}

function sharesOf(values: readonly number[]): number[] {
  const sum = values.reduce((a, b) => a + b, 0) || 1;
  return values.map(v => v / sum);
}
