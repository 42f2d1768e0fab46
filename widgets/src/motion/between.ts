// One moment between two states. `from` may itself be such a moment: a new edit continues from
// what is drawn. In an edit, what leaves makes room first and what arrives follows.
import { clamp, lerp } from '../model/scale';
import type { HistoryMark, Marks, PanelMarks, RankMark } from '../model/marks';
import { cubicInOut } from './clock';

/** edit: the full choreography; lens: the same layout with other numbers; track: under the hand. */
export type Motion = 'edit' | 'lens' | 'track';
export const DURATION: Record<Motion, number> = { edit: 480, lens: 320, track: 120 };

type Phase = (begin: number, end: number) => number;

export function between(from: Marks, to: Marks, t: number, motion: Motion, rows: number): Marks {
  if (t >= 1) return to;
  const eased = motion === 'track' ? 1 - (1 - t) ** 2 : cubicInOut(t);
  const phase: Phase = motion === 'edit' ? (begin, end) => cubicInOut(clamp((t - begin) / (end - begin))) : () => eased;
  const moves = phase(.15, 1), flows = phase(.05, .95);
  return {
    now: lerp(from.now, to.now, moves),
    seen: to.seen,
    first: lerp(from.first, to.first, moves),
    history: history(from.history, to.history, moves, flows),
    panels: to.panels.map((panel, k) => ({
      scale: lerp(from.panels[k]?.scale ?? panel.scale, panel.scale, flows),
      ranks: ranks(from.panels[k], panel, phase, rows),
    })),
  };
}

function history(from: HistoryMark[], to: HistoryMark[], moves: number, flows: number): HistoryMark[] {
  const before = new Map(from.map(m => [m.key, m])), after = new Map(to.map(m => [m.key, m]));
  const drawn = to.map((m): HistoryMark => {
    const was = before.get(m.key);
    return {
      ...m,
      order: was ? lerp(was.order, m.order, moves) : m.order,
      height: lerp(was?.height ?? 0, 1, moves),
      opacity: lerp(was?.opacity ?? 0, 1, moves),
      weights: m.weights.map((w, k) => mix(was?.weights[k] ?? null, w, flows)),
      hue: m.hue === null ? null : lerp(was?.hue ?? m.hue, m.hue, flows),
    };
  });
  // What leaves closes up towards the place it had among those that stay.
  let place = 0;
  for (const m of from) {
    const stays = after.get(m.key);
    if (stays) { place = stays.order + 1; continue; }
    drawn.push({
      ...m, position: 0, order: lerp(m.order, place, moves), height: m.height * (1 - moves), opacity: m.opacity * (1 - .7 * moves),
      weights: m.weights.map(w => mix(w, null, flows)),
    });
  }
  return drawn.sort((a, b) => a.order - b.order || a.position - b.position);
}

const mix = (a: number | null, b: number | null, t: number): number | null => (a === null && b === null ? null : lerp(a ?? 0, b ?? 0, t));

function ranks(from: PanelMarks | undefined, to: PanelMarks, phase: Phase, rows: number): RankMark[] {
  const before = new Map(from?.ranks.map(r => [r.id, r])), after = new Set(to.ranks.map(r => r.id));
  const below = rows + .7;
  const drawn = to.ranks.map((r): RankMark => {
    const was = before.get(r.id);
    if (!was) {
      const u = phase(.4, 1);
      return { ...r, rank: lerp(below, r.rank, u), opacity: u, dot: u, z: 2 };
    }
    const gain = was.rank - r.rank, u = gain > 0 ? phase(.3, .9) : phase(.05, .6);
    const back = gain < 0 ? 1 - .6 * Math.sin(Math.PI * u) : 1; // who falls steps back midway
    return { ...r, rank: lerp(was.rank, r.rank, u), score: lerp(was.score, r.score, u), opacity: lerp(was.opacity, 1, u) * back, dot: lerp(was.dot, 1, u), z: gain > 0 ? 2 : gain < 0 ? 0 : 1 };
  });
  for (const r of from?.ranks ?? []) {
    if (after.has(r.id)) continue;
    const u = phase(.05, .6);
    if (u < 1) drawn.push({ ...r, rank: lerp(r.rank, below, u), opacity: r.opacity * (1 - u), dot: r.dot * (1 - u), z: 0, leaving: true });
  }
  return drawn;
}
