// A widget's model of which the page answers itself: its picture is the page's own, and Python never
// hears of it; all else is as it was.
import type { AnyModel } from '../../engine/store';
import type { Picture } from '../types';

const PICTURE = '_picture', EVENT = `change:${PICTURE}`;

export class Overlay implements AnyModel {
  #own: Picture | null = null;
  #listeners = new Set<(...args: unknown[]) => void>();

  constructor(private model: AnyModel) {}

  put(picture: Picture): void {
    this.#own = picture;
    for (const listener of this.#listeners) listener();
  }

  /** The kernel's pictures again. */
  drop(): void {
    this.#own = null;
    for (const listener of this.#listeners) listener();
  }

  get(name: string): unknown { return name === PICTURE && this.#own ? this.#own : this.model.get(name); }
  set(name: string, value: unknown): void { this.model.set(name, value); }
  save_changes(): void { this.model.save_changes(); }
  send(content: unknown): void { this.model.send(content); }
  on(event: string, callback: (...args: unknown[]) => void): void {
    if (event === EVENT) this.#listeners.add(callback);
    this.model.on(event, callback);
  }
  off(event: string, callback: (...args: unknown[]) => void): void {
    this.#listeners.delete(callback);
    this.model.off(event, callback);
  }
}
