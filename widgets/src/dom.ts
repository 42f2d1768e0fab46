// Making and keeping DOM nodes. Text from data enters as text nodes only.

const SVG = new Set(['svg', 'g', 'path', 'line', 'rect', 'circle', 'text', 'defs', 'linearGradient', 'stop', 'clipPath', 'pattern', 'title']);
type Props = Record<string, string | number | boolean | undefined | null>;
type Child = Node | string | null | undefined;

export function el<K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props, ...children: Child[]): HTMLElementTagNameMap[K];
export function el(tag: string, props: Props = {}, ...children: Child[]): Element {
  const node = document.createElement(tag);
  attributes(node, props);
  node.append(...children.filter(c => c !== null && c !== undefined));
  return node;
}

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, props: Props = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  if (!SVG.has(tag)) throw new Error(`svg: ${tag}`);
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  attributes(node, props);
  node.append(...children.filter(c => c !== null && c !== undefined));
  return node;
}

// What was written to each node, so that a frame touches only what changed: asking the document
// costs as much as writing to it.
const written = new WeakMap<Element, Record<string, unknown>>();

function writtenTo(node: Element): Record<string, unknown> {
  let known = written.get(node);
  if (!known) written.set(node, known = {});
  return known;
}

/** Sets what changed; false, null and undefined remove. What is kept up to date by this is by nothing else. */
export function attributes(node: Element, props: Props): void {
  const known = writtenTo(node);
  for (const name in props) {
    const value = props[name];
    if (known[name] === value && name in known) continue;
    known[name] = value;
    if (value === false || value === null || value === undefined) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
}

/** The only text of an element that has no other child. */
export function setText(node: Element, text: string): void {
  const known = writtenTo(node);
  if (known['#text'] === text) return;
  known['#text'] = text;
  const only = node.firstChild;
  if (only instanceof Text && only === node.lastChild) only.data = text; else node.textContent = text;
}

export const setClass = (node: Element, text: string): void => attributes(node, { class: text });

/** One class of an element whose others stay as they are. */
export function toggle(node: Element, name: string, on: boolean): void {
  const known = writtenTo(node), key = `.${name}`;
  if (known[key] === on) return;
  known[key] = on;
  node.classList.toggle(name, on);
}

export const hide = (node: Element, hidden: boolean): void => attributes(node, { hidden });

/** Places an element absolutely; only what is given changes. */
export function place(node: HTMLElement | SVGElement, box: { x?: number; y?: number; w?: number; h?: number }): void {
  const known = writtenTo(node);
  const put = (side: 'left' | 'top' | 'width' | 'height', value: number | undefined): void => {
    if (value === undefined || known[`@${side}`] === value) return;
    known[`@${side}`] = value;
    node.style[side] = `${round(value)}px`;
  };
  put('left', box.x);
  put('top', box.y);
  put('width', box.w && Math.max(0, box.w));
  put('height', box.h && Math.max(0, box.h));
}

type Styled = 'lineHeight' | 'opacity' | 'zIndex';

/** Sets what changed of an element's own style. */
export function styles(node: HTMLElement, values: Partial<Record<Styled, string>>): void {
  const known = writtenTo(node);
  for (const name in values) {
    const value = values[name as Styled]!;
    if (known[`@${name}`] === value) continue;
    known[`@${name}`] = value;
    node.style[name as Styled] = value;
  }
}

export const round = (v: number): number => Math.round(v * 100) / 100;

const IDLE = 4; // kept for who comes next; a quick hand lets many leave at once

/** The children of an element, by key: there while their key is. Who leaves is who comes next. */
export class Keyed<N extends Element, D> {
  #nodes = new Map<string, N>();
  #order: N[] = []; // as in the document
  #idle: N[] = [];
  constructor(private parent: Element, private make: () => N) {}

  update(data: readonly D[], key: (datum: D) => string, paint: (node: N, datum: D, index: number) => void): void {
    const keys = data.map(key), keep = new Set(keys);
    for (const [k, node] of this.#nodes) if (!keep.has(k)) {
      node.remove();
      this.#nodes.delete(k);
      this.#order.splice(this.#order.indexOf(node), 1);
      if (this.#idle.length < IDLE) this.#idle.push(node);
    }
    data.forEach((datum, i) => {
      let node = this.#nodes.get(keys[i]!);
      if (!node) {
        node = this.#idle.pop() ?? this.make();
        this.#nodes.set(keys[i]!, node);
        this.#order.push(node);
        this.parent.append(node);
      }
      paint(node, datum, i);
    });
  }

  /** Reading order in the document, for those who do not see the picture. All keys. */
  order(keys: readonly string[]): void {
    keys.forEach((k, i) => {
      const node = this.#nodes.get(k)!, at = this.#order[i]!;
      if (at === node) return;
      this.parent.insertBefore(node, at);
      this.#order.splice(this.#order.indexOf(node), 1);
      this.#order.splice(i, 0, node);
    });
  }
}

/** A canvas sharp on this screen, cleared, in CSS pixels. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = globalThis.devicePixelRatio || 1, w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  place(canvas, { w: width, h: height });
  const context = canvas.getContext('2d');
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
