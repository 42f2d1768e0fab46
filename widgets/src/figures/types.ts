// What Python tells of a figure, and what is chosen in it. Layers and heads count from 1.
import type { Sentence } from '../model/sentence';
import type { Id } from '../types';

/** Numbers in rows, the last axis the closest together. */
export interface Numbers { shape: number[]; data: Float32Array<ArrayBuffer> }

/** A moment of the figure: `title` and `told` stand over it. What else it holds is its view's. */
export interface Frame { title: string; told: string }

/** All that a figure shows. */
export interface Picture {
  kind: string;
  /** Of a file saved from it, without its ending. */
  name: string;
  /** Where it comes from. */
  foot: string;
  /** What each frame is of, such as `epoch 3`; several are played. */
  labels: string[];
  frames: Frame[];
}

/** The traits that figures share with Python and with each other; null: nothing is chosen. */
export interface Choice {
  field: string | null;
  item: Id | null;
  /** Circumstances: levels by name. */
  context: Readonly<Record<string, string>> | null;
  layer: number | null;
  /** null: the mean of heads. */
  head: number | null;
}
export const CHOICES = ['field', 'item', 'context', 'layer', 'head'] as const;

/** How a view is to be drawn. */
export interface State {
  /** In pixels, of the stage. */
  width: number;
  dark: boolean;
  choice: Choice;
  /** The numbers move to their new values; else they are there at once. */
  tween: boolean;
}

export interface Box { x: number; y: number; w: number; h: number }

/** Something that can be pointed at: a cell, a band, a dot. */
export interface Mark {
  /** The same for the same thing, whatever is drawn. */
  key: string;
  /** Where it is on the stage. */
  box: Box;
  /** Its numbers in words: for the tooltip, and aloud. */
  told: Sentence;
  /** What choosing it sets. */
  choice: Partial<Choice>;
}

export interface Tabular { caption: string; head: (string | number)[]; rows: (string | number)[][] }

/** One way to draw. What is where, the figure asks; what hand and keyboard do there, it does. */
export interface View<F extends Frame = Frame> {
  readonly node: Element;
  /** In the place of a frame's own, where what is chosen decides it. */
  told?(frame: F, state: State): string;
  draw(frame: F, state: State): void;
  /** The numbers are on their way. */
  readonly moving: boolean;
  at(x: number, y: number): Mark | null;
  /** From a mark by an arrow key, Home or End; from none to the first. */
  step(from: Mark | null, key: string): Mark | null;
  /** Where a mark is now; null where it has gone. */
  find(key: string): Mark | null;
  tables(): Tabular[];
  /** What else can be set, beside layer and head. */
  readonly tools?: HTMLElement;
  /** What is always chosen: choosing it again, or Escape, leaves it as it is. */
  readonly keeps?: readonly (keyof Choice)[];
  /** Traits of its own, with which it is drawn anew. */
  readonly traits?: readonly string[];
  /** What is pointed at, where a ring around it does not say enough. */
  point?(mark: Mark | null): void;
  /** For more of hand and keyboard on the stage than pointing and choosing; `moved`: marks are elsewhere now. */
  listen?(stage: HTMLElement, moved: () => void): void;
  dispose?(): void;
}
