// What stands around the bands and lines of a life: axes, names at the side, and the strip of parts.
import { svg } from '../../dom';
import { thousands } from '../../model/format';
import type { Id } from '../../types';
import { shorten, widthOf } from '../text';
import type { Box, Frame, Numbers, State } from '../types';
import { apart, rounded, type Steps } from './stream_steps';

export interface LifeFrame extends Frame {
  /** `told` of steps of several events, with `{size}` for how many; and of events at their times. */
  toldInSteps: string;
  toldInTime: string;
  fields: string[];
  /** [event, field] */
  weights: Numbers;
  titles: string[];
  /** Empty where they are not known. */
  items: Id[];
  /** `train`, `validation`, `test` or `left out`. */
  parts: string[];
  /** When events were; null of data without dates. */
  dates: string[] | null;
  /** The same in days since the first, which was so many milliseconds after 1970. */
  days?: Numbers;
  start?: number;
}

export interface Layout {
  left: number;
  wide: number;
  top: number;
  tall: number;
  width: number;
  height: number;
  /** Where each field is named. */
  names: Box[];
}

interface Drawn { steps: Steps; inTime: boolean; lines: boolean; low: number; high: number; ends: number[]; tones: string[] }

export const LEAST = 3; // px that a step is wide
const NAME = 12, LONGEST = 150, LEAD = 22, LINE = 16, STRIP = 6, DATE = 104, MOST_DATES = 8, DAY = 86_400_000;
const PARTS = ['train', 'validation', 'test', 'left out'];

export function lay(frame: LifeFrame, width: number): Layout {
  const names = Math.min(LONGEST, Math.max(...frame.fields.map(text => widthOf(text, NAME, 600)))), left = 44, wide = Math.max(60, width - left - LEAD - names - 2);
  const tall = Math.max(200, Math.min(380, .36 * width), LINE * frame.fields.length), top = 14;
  return { left, wide, top, tall, width, height: top + tall + 66, names: [] };
}

/** `behind` the bands and in `front` of them; tells the layout where the names are. */
export function around(frame: LifeFrame, state: State, layout: Layout, drawn: Drawn): { behind: Node[]; front: Node[] } {
  return { behind: drawn.lines ? grid(layout, drawn) : [], front: [...scale(layout, drawn), ...named(frame, state, layout, drawn), ...dated(frame, layout, drawn), ...strip(frame, layout, drawn), ...ticked(frame, state, layout, drawn)] };
}

const heightOf = ({ top, tall }: Layout, { low, high }: Drawn, weight: number): number => top + tall * (1 - (weight - low) / (high - low));

function grid(layout: Layout, drawn: Drawn): Node[] {
  return rounded([drawn.low, drawn.high]).map(weight => {
    const y = heightOf(layout, drawn, weight);
    return svg('line', { class: 'grid', x1: layout.left, x2: layout.left + layout.wide, y1: y, y2: y });
  });
}

function scale(layout: Layout, drawn: Drawn): Node[] {
  const all = rounded([drawn.low, drawn.high]), digits = all.length > 1 && all[1]! - all[0]! < .0095 ? 1 : 0;
  return all.map(weight => svg('text', { class: 'tick', x: layout.left - 8, y: heightOf(layout, drawn, weight), 'text-anchor': 'end', 'dominant-baseline': 'central' }, `${(100 * weight).toFixed(digits)}%`));
}

/** Fields at the side, as near to what they get last as they find room, with a line from there. */
function named(frame: LifeFrame, { choice }: State, layout: Layout, { ends, tones, lines }: Drawn): Node[] {
  const order = [...ends.keys()].sort((a, b) => ends[a]! - ends[b]! || b - a), { left, wide, top, tall } = layout, x = left + wide;
  const places = apart(order.map(f => ends[f]! - top), LINE, tall);
  return order.flatMap((f, i) => {
    const y = top + places[i]!, text = frame.fields[f]!, on = text === choice.field;
    layout.names[f] = { x: x + LEAD - 3, y: y - LINE / 2, w: Math.min(LONGEST, widthOf(text, NAME, 600)) + 6, h: LINE };
    return [
      svg('path', { class: 'lead', d: `M${x + 3},${ends[f]!.toFixed(2)}L${x + LEAD - 6},${y.toFixed(2)}`, stroke: lines ? tones[f]! : 'var(--axis)', 'stroke-width': lines ? on ? 2.5 : 1.75 : 1 }),
      svg('text', { class: on ? 'name chosen' : 'name', x: x + LEAD, y, 'dominant-baseline': 'central' }, shorten(text, LONGEST, NAME, on ? 600 : 400)),
    ];
  });
}

/** When some events were, or which they are. */
function dated(frame: LifeFrame, { left, wide, top, tall }: Layout, { inTime }: Drawn): Node[] {
  const count = frame.titles.length, most = Math.max(1, Math.min(MOST_DATES, Math.floor(wide / DATE)));
  const y = top + tall + STRIP + 22, span = frame.days?.data.at(-1) ?? 0, shares = (n: number) => Array.from({ length: n }, (_, i) => (n > 1 ? i / (n - 1) : 0));
  const write = (u: number, text: string, i: number, n: number) => svg('text', { class: 'tick', x: left + wide * u, y, 'text-anchor': n === 1 ? u > .5 ? 'end' : 'start' : i === 0 ? 'start' : i === n - 1 ? 'end' : 'middle' }, text);
  const oneDay = !!frame.dates && frame.dates[0]!.slice(0, 10) === frame.dates[count - 1]!.slice(0, 10);
  if (inTime && span > 0) {
    const all = shares(most), cut = span < 2 ? 16 : 10;
    return all.map((u, i) => write(u, new Date(frame.start! + u * span * DAY).toISOString().slice(0, cut).replace('T', ' '), i, all.length));
  }
  const at = [...new Set(shares(Math.min(most, count)).map(u => Math.round(u * (count - 1))))];
  return at.map((event, i) => write((event + .5) / count, !frame.dates ? `event ${thousands(event + 1)}` : oneDay && i ? frame.dates[event]!.slice(11) : frame.dates[event]!.slice(0, oneDay ? 16 : 10), i, at.length));
}

/** Where an event stands, as a share. */
const placed = (frame: LifeFrame, { inTime }: Drawn, event: number): number => (inTime ? frame.days!.data[event]! / (frame.days!.data.at(-1)! || 1) : (event + .5) / frame.titles.length);

/** To which part of the data the events belong. */
function strip(frame: LifeFrame, { left, wide, top, tall }: Layout, drawn: Drawn): Node[] {
  const { parts } = frame, y = top + tall + 5, nodes: Node[] = [], kind = (part: string) => `part p${PARTS.indexOf(part)}`;
  if (drawn.inTime) {
    const seen = new Set<string>();
    parts.forEach((part, event) => {
      const x = Math.round(left + wide * placed(frame, drawn, event)), key = `${x} ${part}`;
      if (!seen.has(key)) nodes.push(svg('rect', { class: kind(part), 'data-role': 'part', 'data-part': part, x: x - 1, y, width: 2, height: STRIP }));
      seen.add(key);
    });
  } else for (let from = 0; from < parts.length;) {
    let to = from;
    while (to < parts.length && parts[to] === parts[from]) to++;
    nodes.push(svg('rect', { class: kind(parts[from]!), 'data-role': 'part', 'data-part': parts[from]!, 'data-from': from + 1, 'data-to': to, x: left + wide * from / parts.length, y, width: wide * (to - from) / parts.length, height: STRIP }));
    from = to;
  }
  let x = left;
  for (const part of PARTS.filter(one => parts.includes(one))) {
    const text = `${part} (${thousands(parts.filter(one => one === part).length)})`;
    nodes.push(svg('rect', { class: kind(part), x, y: top + tall + 46, width: 12, height: STRIP }), svg('text', { class: 'tick', x: x + 18, y: top + tall + 49, 'dominant-baseline': 'central' }, text));
    x += 18 + widthOf(text, 11) + 18;
  }
  return nodes;
}

/** The events of the chosen item. */
function ticked(frame: LifeFrame, { choice }: State, { left, wide, top }: Layout, drawn: Drawn): Node[] {
  if (choice.item === null) return [];
  return [...frame.items.keys()].filter(event => frame.items[event] === choice.item).map(event => {
    const x = left + wide * placed(frame, drawn, event);
    return svg('path', { class: 'event', 'data-role': 'tick', 'data-event': event + 1, d: `M${x.toFixed(2)},${top - 2}l-4,-7h8z` });
  });
}
