// Which lens is drawn: the one of the history that is shown. After an edit the one before it stays a
// while, item by item, so that nothing jumps while the next is worked out.
import { type LensView, lensView } from './model/lens';
import { type Id, type Lens, sameIds } from './types';

const STAYS = 2000; // ms

export class LensKeeper {
  #drawn: { lens: Lens; seen: Id[]; row: Float32Array | null; view: LensView } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `busy`: the hand is at work, under which nothing may jump. `gone` is called when a lens has waited too long. */
  constructor(private busy: () => boolean, private gone: () => void) {}

  /** What to draw on the items that the model sees, of which it gives each a weight. The same object while nothing changes. */
  view(lens: Lens | null, seen: Id[], row: Float32Array | null): LensView | null {
    const before = this.#drawn, moved = !!lens && !!before && !sameIds(before.seen, seen);
    if (lens && before?.lens === lens && before.row === row && !moved) return before.view;
    const current = !!lens && sameIds(lens.history, seen);
    if (!lens || !seen.length || (!before && (!current || this.busy()))) { this.dispose(); return null; }
    if (current) this.#stop();
    else if (moved || this.#timer === undefined) this.#wait();
    const view = lensView(lens, seen, row);
    this.#drawn = { lens, seen, row, view };
    return view;
  }

  dispose(): void {
    this.#stop();
    this.#drawn = null;
  }

  #wait(): void {
    this.#stop();
    this.#timer = setTimeout(() => {
      if (this.busy()) { this.#wait(); return; }
      this.dispose();
      this.gone();
    }, STAYS);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
