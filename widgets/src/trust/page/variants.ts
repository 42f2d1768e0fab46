// A target's place in variants of its history, each asked for once, in the worker: what
// attnrec/explanations/removal.py is to Python.
import { PRIORITY, type Row, type RowAnswer } from '../../worker/protocol';
import type { Source } from '../../engine/page/source';
import type { Removal } from '../types';
import { type Keep, size } from './keep';

const AT_ONCE = 64; // variants asked for together; the worker answers them in chunks of milliseconds

export interface Standing {
  /** Of the target. */
  score: number;
  rank: number;
  /** Catalogue index of what is recommended first. */
  first: number;
  /** What is first of the whole history, before the best of all others. */
  lead: number;
}

/** What is asked about, in catalogue indices. */
export interface Case {
  source: Source;
  /** Those that the model reads, oldest first. */
  items: Int32Array;
  /** What no ranking contains; never the target. */
  leftOut: Int32Array;
  target: number;
  /** What is recommended first. */
  first: number;
  removal: Removal;
}

export class Variants {
  #known = new Map<string, Standing>(); // by what the model is shown: of an item that stands twice, either may be gone
  #shown = new Map<Keep, string>();

  constructor(private of: Case) {}

  get asked(): number { return this.#known.size; }

  /** Of a variant that was asked for. */
  get(keep: Keep): Standing { return this.#known.get(this.#shows(keep))!; }

  /** Resolves when these are known. What has come by the time that `signal` says stop, stays. */
  async ask(keeps: readonly Keep[], signal: AbortSignal): Promise<void> {
    const distinct = new Map([...new Set(keeps)].map(keep => [this.#shows(keep), keep]));
    const wanted = [...distinct].flatMap(([shown, keep]) => (this.#known.has(shown) ? [] : [{ keep, items: size(keep) }])).sort((a, b) => a.items - b.items); // short ones in short shapes
    for (let i = 0; i < wanted.length; i += AT_ONCE) await this.#some(wanted.slice(i, i + AT_ONCE).map(one => one.keep), signal);
  }

  #shows(keep: Keep): string {
    const { items, removal } = this.of, shown = this.#shown.get(keep) ?? (removal === 'mask' ? keep : items.filter((_, i) => keep[i] === '1').join());
    this.#shown.set(keep, shown);
    return shown;
  }

  async #some(keeps: readonly Keep[], signal: AbortSignal): Promise<void> {
    const { source, target, first } = this.of, rows = keeps.map(keep => this.#row(keep));
    const length = await source.ready('scores', Math.max(1, ...rows.map(row => row.items.length)), PRIORITY.measure);
    const wish = { ranking: source.ranking(2, Int32Array.of(target, first)) };
    await new Promise<void>((resolve, reject) => {
      signal.throwIfAborted();
      const ticket = source.model.ask('scores', length, rows, wish, PRIORITY.measure, {
        rows: (answers, done) => {
          for (const answer of answers) {
            const standing = standingOf(answer, target, first);
            if (standing) this.#known.set(this.#shows(keeps[answer.row]!), standing);
            else reject(new Error(`${source.name} ${answer.error ?? 'has nothing to recommend'}`));
          }
          if (done) resolve();
        },
        failed: message => reject(new Error(message)),
      });
      signal.addEventListener('abort', () => { ticket.cancel(); reject(signal.reason as Error); }, { once: true });
    });
  }

  #row(keep: Keep): Row {
    const { items, leftOut, removal } = this.of;
    if (removal === 'mask') return { items, leftOut, mask: Uint8Array.from(keep, Number) };
    return { items: items.filter((_, i) => keep[i] === '1'), leftOut };
  }
}

/** From the two best, and the places of the target and of what came first. */
function standingOf({ ranking }: RowAnswer, target: number, first: number): Standing | null {
  if (!ranking) return null;
  const { best, fallen } = ranking, index = [...best.index, ...fallen.index], score = [...best.score, ...fallen.score], rank = [...best.rank, ...fallen.rank];
  const at = index.indexOf(target), own = index.indexOf(first);
  if (at < 0 || own < 0) return null;
  return { score: score[at]!, rank: rank[at]!, first: index[0]!, lead: score[own]! - (score[own === 0 ? 1 : 0] ?? -Infinity) };
}
