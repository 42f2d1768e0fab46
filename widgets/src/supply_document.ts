// A saved page brings everything itself: blocks of base64 in script elements that no browser runs.
import type { Supply } from './engine/page/supply';
import type { Card, Kind } from './worker/protocol';

type Bytes = Uint8Array<ArrayBuffer>;

/** Gives out what attnrec_widgets/saved_page.py wrote into the document. */
export class DocumentSupply implements Supply {
  /** `models`: what each source goes by, and its card. */
  constructor(private models: readonly { key: string; card: Card }[]) {}

  async runtime(): Promise<{ worker: Bytes; wasm: Bytes }> { return { worker: bytes('worker'), wasm: bytes('wasm') }; }

  async model(source: number): Promise<{ card: Card; weights: Bytes; catalogue: Bytes }> {
    const { key, card } = this.models[source]!;
    return { card, weights: bytes(`weights-${key}`), catalogue: bytes(`catalogue-${key}`) };
  }

  async graph(source: number, kind: Kind, length: number): Promise<Bytes> {
    return bytes(`graph-${this.models[source]!.key}-${kind}-${length}`);
  }
}

export const has = (name: string): boolean => document.getElementById(`attnrec-${name}`) !== null;

export function json<T>(name: string): T { return JSON.parse(text(name)) as T; }

function text(name: string): string {
  const block = document.getElementById(`attnrec-${name}`);
  if (!block) throw new Error(`the file has no ${name}`);
  return block.textContent;
}

function bytes(name: string): Bytes { return Uint8Array.from(atob(text(name)), character => character.charCodeAt(0)); }
