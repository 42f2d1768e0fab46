// The engine's answer as it crosses the wire, made safe to draw: missing parts become empty
// ones, binary parts become typed arrays. A partial answer draws a partial picture, never throws.
import type { Id, Label, Lens, Matches, Normalisation, Panel, Preview, Scored, Shown } from '../types';
import type { Reply } from './responder';

type Loose = Record<string, unknown>;

export const asObject = (value: unknown): Loose => (value && typeof value === 'object' ? value as Loose : {});
export const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const asText = (value: unknown): string => (value === null || value === undefined ? '' : String(value));
export const asNumber = (value: unknown, otherwise: number): number => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise);
export const asId = (value: unknown): Id => (typeof value === 'number' ? value : asText(value));

export const asIds = (value: unknown): Id[] => asArray(value).map(asId);
export const asStacks = (value: unknown): Id[][] => asArray(value).map(asIds);

/** The bytes of a binary trait, whichever of the forms a widget manager hands them in. */
function bytes(value: unknown): Uint8Array | null {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return null;
}

export function floats(value: unknown): Float32Array | null {
  const raw = bytes(value);
  // Copied, because a view into a message need not start at a multiple of four.
  return raw && new Float32Array(raw.slice(0, raw.length - raw.length % 4).buffer);
}

export function label(value: unknown): Label {
  const { id, title, detail } = asObject(value);
  return { id: asId(id), title: asText(title) || asText(id), detail: asText(detail) };
}

export function scored(value: unknown): Scored | null {
  const { id, rank, score } = asObject(value);
  return typeof rank === 'number' && typeof score === 'number' ? { id: asId(id), rank, score } : null;
}

function panel(value: unknown): Panel {
  const p = asObject(value), norm = asText(p.normalisation);
  return {
    name: asText(p.name),
    catalogueSize: asNumber(p.catalogue_size, 0),
    layers: asNumber(p.layers, 0),
    heads: asNumber(p.heads, 0),
    normalisation: (['softmax', 'gate', 'none'].includes(norm) ? norm : 'softmax') as Normalisation,
    mapNames: asArray(p.map_names).map(asText),
    row: floats(p.row),
    matrix: floats(p.matrix),
    thumbs: bytes(p.thumbs),
    thumbSize: asNumber(p.thumb_size, 0),
    recommendations: asArray(p.recommendations).map(scored).filter(r => r !== null),
    heldOut: scored(p.held_out),
  };
}

function shown(value: unknown): Shown {
  const s = asObject(value), history = asIds(s.history), now = asNumber(s.now, history.length);
  return {
    history, now,
    layer: asNumber(s.layer, 1),
    head: typeof s.head === 'number' ? s.head : null,
    query: asNumber(s.query, now),
    topn: asNumber(s.topn, 10),
    view: s.view === 'matrix' ? 'matrix' : 'ribbons',
  };
}

/** The kernel's answer, or null where there is none yet, with the labels it brings. */
export function decodeAnswer(value: unknown): (Reply & { seq: number; labels: Label[] }) | null {
  const a = asObject(value);
  if (!('shown' in a) && !a.error) return null;
  return {
    seq: asNumber(a.seq, 0),
    error: a.error ? asText(a.error) : null,
    shown: shown(a.shown),
    labels: asArray(a.labels).map(label),
    panels: asArray(a.panels).map(panel),
  };
}

/** As a reply to a message, whose binary parts come beside it: a part says `{ buffer: number }`. */
export function decodeForesight(value: unknown, buffers: readonly DataView[]): ReturnType<typeof decodeAnswer> {
  const answer = asObject(value), part = (one: unknown) => buffers[asNumber(asObject(one).buffer, -1)] ?? null;
  const panels = asArray(answer.panels).map(asObject).map(one => ({ ...one, row: part(one.row), matrix: part(one.matrix), thumbs: part(one.thumbs) }));
  return decodeAnswer({ ...answer, panels });
}

export function decodePreview(value: unknown): Preview {
  const p = asObject(value), list = (of: unknown) => asArray(of).map(scored).filter(r => r !== null);
  return {
    position: asNumber(p.position, 0),
    panels: asArray(p.panels).map(asObject).map(one => ({ recommendations: list(one.recommendations), fallen: list(one.fallen), heldOut: scored(one.held_out) })),
  };
}

export function decodeMatches(value: unknown): Matches {
  const m = asObject(value);
  return { seq: asNumber(m.seq, -1), text: asText(m.text), matches: asArray(m.matches).map(label) };
}

/** Null where there is none. `limit`: the longest history that the model reads. */
export function decodeLens(value: unknown, limit: number | null): Lens | null {
  const l = asObject(value), target = asObject(l.target), history = asIds(l.history);
  if (!l.name || !history.length) return null;
  const numbers = (list: unknown) => history.map((_, i) => asNumber(asArray(list)[i], 0));
  return {
    history, limit,
    name: asText(l.name),
    target: { id: asId(target.id), title: asText(target.title) || asText(target.id) },
    removal: l.removal === 'mask' ? 'mask' : 'drop',
    values: Array.isArray(l.values) ? numbers(l.values) : null,
    signed: l.signed === true,
    effects: numbers(l.effects),
    negligible: asNumber(l.negligible, 0),
  };
}
