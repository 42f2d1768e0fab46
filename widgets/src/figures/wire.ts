// Numbers as they travel: bytes from the kernel, base64 in a saved page.
import type { Choice, Numbers, Picture } from './types';

interface Packed { dtype: 'float32'; shape: number[]; data: DataView | string }

const isPacked = (value: object): value is Packed => 'dtype' in value && 'shape' in value && 'data' in value;

/** The picture with its numbers in arrays. */
export function unpacked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpacked);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (isPacked(value)) return numbers(value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unpacked(one)]));
}

function numbers({ shape, data }: Packed): Numbers {
  const bytes = typeof data === 'string' ? Uint8Array.from(atob(data), c => c.charCodeAt(0)) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { shape, data: new Float32Array(bytes.slice().buffer) }; // a copy, aligned
}

export const asPicture = (value: unknown): Picture | null =>
  (typeof value === 'object' && value !== null && 'frames' in value ? unpacked(value) as Picture : null);

export function asChoice(get: (name: string) => unknown): Choice {
  const whole = (name: string) => { const v = get(name); return typeof v === 'number' ? v : null; };
  const { field, item, context } = { field: get('field'), item: get('item'), context: get('context') };
  return {
    field: typeof field === 'string' ? field : null, item: typeof item === 'string' || typeof item === 'number' ? item : null,
    context: typeof context === 'object' && context !== null ? context as Record<string, string> : null,
    layer: whole('layer'), head: whole('head'),
  };
}
