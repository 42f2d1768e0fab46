// Dragging `now`: the model sees the history up to the hand.
import type { Actions } from '../picture';

export function trackNow(handle: HTMLElement, act: Actions, boundaryAt: (y: number) => number): void {
  let dragging = false;
  handle.addEventListener('pointerdown', event => {
    if (event.button !== 0) return;
    dragging = true;
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  handle.addEventListener('pointermove', event => {
    if (dragging) act.scrubTo(Math.max(1, boundaryAt(event.clientY - handle.parentElement!.getBoundingClientRect().top)));
  });
  const end = (): void => {
    if (!dragging) return;
    dragging = false;
    act.scrubEnd();
  };
  handle.addEventListener('pointerup', end);
  handle.addEventListener('pointercancel', end);
}
