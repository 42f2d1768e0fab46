// The ribbons of a history that is shown through a rail, and the cells of that rail, on one canvas:
// hundreds of shapes that all change with every edit, which as elements would cost more than the answer.
import { attributes, el, fitCanvas, place, svg } from '../dom';
import { type Block, type PanelLayout, RAIL } from '../layout';
import { denseTone, diverging, sequential } from '../model/colour';
import type { Marks } from '../model/marks';
import { BEND, lerp } from '../model/scale';
import type { Actions, Picture, ViewPart } from '../picture';
import { Etch } from './etch';
import { type Flow, flowAt, flows, isDense, isHued, isKnown, outline, pitchOf, spineX } from './flow';
import { GhostRibbon } from './ghost_ribbon';
import { hatch, hatchOn } from './hatch';
import { asDrawing } from './snapshot';

const MARGIN = 20; // px around them
const NAMED = ['--rule', '--wash', '--accent', '--against'] as const;

/** A ribbon or a cell, as it is drawn. */
interface Shape { flow: Flow | null; fill: string; far: string; opacity: number; y: number; height: number; hatched: boolean }

export class RailRibbons implements ViewPart {
  readonly node = el('canvas', { 'data-role': 'ribbons-canvas', class: 'rail-ribbons', 'aria-hidden': 'true' });
  /** In front of everything. */
  readonly over = svg('g');
  #etch: Etch;
  #ghost: GhostRibbon;
  #flows: Flow[] = [];
  #cells: Shape[] = [];
  #ribbons: Shape[] = [];
  #query = 0;
  #theme: { dark: boolean; colours: Map<string, string> } | null = null;
  #hatch: { colour: string; pattern: CanvasPattern | null } | null = null;

  constructor(private block: Block, private panel: PanelLayout, act: Actions) {
    this.#etch = new Etch(block, panel);
    this.#ghost = new GhostRibbon(panel);
    this.over.append(this.#etch.node, this.#ghost.node);
    const at = (event: MouseEvent): number | null => {
      const stage = this.node.parentElement!.getBoundingClientRect();
      return flowAt(this.#flows, panel, event.clientX - stage.left, event.clientY - stage.top)?.mark.position || null;
    };
    this.node.addEventListener('pointermove', event => act.point(at(event)));
    this.node.addEventListener('pointerleave', () => act.point(null));
    this.node.addEventListener('click', event => {
      const position = at(event);
      if (position && this.#query) act.weigh(panel.index, this.#query, position);
    });
    asDrawing.set(this.node, () => this.#drawing());
  }

  paint(marks: Marks, picture: Picture): void {
    const { block, panel } = this, known = isKnown(picture, panel), dense = isDense(marks), hatched = known && isHued(picture, panel) ? picture.lens!.hatched : null;
    this.#query = known ? picture.answer!.shown.query : 0;
    this.#flows = flows(marks, picture, block, panel, known);
    this.#ribbons = this.#flows.map(flow => {
      const { near, far, y1, h1, mark } = flow, lit = picture.active === null || picture.active === mark.position;
      const ghost = picture.preview !== null && picture.preview.position === mark.position;
      return { flow, fill: this.#plain(near, picture), far: this.#plain(far, picture), opacity: (ghost ? .3 : !lit ? .42 : dense ? .85 : 1) * (mark.position ? 1 : mark.opacity), y: y1, height: h1, hatched: !!hatched?.has(mark.position) };
    });
    this.#cells = this.#cellsOf(marks, picture);
    this.#draw(marks, picture);
    this.#etch.paint(dense ? null : picture.etched, picture);
    this.#ghost.paint(this.#flows, picture);
  }

  #cellsOf(marks: Marks, picture: Picture): Shape[] {
    const { block, panel } = this, pitch = pitchOf(marks, picture, block, panel), scale = marks.panels[panel.index]?.scale ?? 100, hued = isHued(picture, panel);
    return marks.history.map(m => {
      const w = m.weights[panel.index], known = picture.fresh && w !== null && w !== undefined;
      const fill = !known ? this.#plain('var(--rule)', picture) : hued ? diverging(m.hue ?? 0, picture.dark) : sequential(denseTone(Math.abs(w) * scale / 11), picture.dark);
      return { flow: null, fill, far: fill, opacity: 1, y: block.top + m.order * pitch, height: pitch * m.height, hatched: false };
    });
  }

  #draw(marks: Marks, picture: Picture): void {
    const { block, panel, node } = this, { x0, x1 } = panel, left = Math.min(x0, x1) - MARGIN, top = block.top - MARGIN;
    const height = Math.max(picture.layout.rows * block.history.row, panel.pitch * panel.rows) + 2 * MARGIN;
    place(node, { x: left, y: top });
    attributes(node, { 'data-ribbons': this.#ribbons.length, 'data-hatched': isHued(picture, panel) ? this.#ribbons.filter(r => r.hatched).length : null });
    const context = fitCanvas(node, Math.abs(x1 - x0) + 2 * MARGIN, height);
    if (!context) return;
    context.translate(-left, -top);
    for (const { fill, y, height: h } of this.#cells) {
      context.fillStyle = fill;
      context.fillRect(panel.rail!, y, RAIL, h + .1);
    }
    const pointed = picture.active === null ? -1 : marks.history.findIndex(m => m.position === picture.active);
    if (pointed >= 0) {
      context.strokeStyle = this.#plain('var(--accent)', picture);
      context.strokeRect(panel.rail!, this.#cells[pointed]!.y, RAIL, this.#cells[pointed]!.height);
    }
    const spine = spineX(panel);
    for (const { flow, fill, far, opacity, y, height: h, hatched } of this.#ribbons) {
      context.globalAlpha = opacity;
      if (fill === far) context.fillStyle = fill;
      else {
        const gradient = context.createLinearGradient(x0, 0, x1, 0);
        gradient.addColorStop(0, fill);
        gradient.addColorStop(1, far);
        context.fillStyle = gradient;
      }
      trace(context, flow!, panel);
      context.fill();
      if (hatched) {
        context.fillStyle = this.#hatching(context, picture) ?? fill;
        context.fill();
      }
      context.globalAlpha = Math.min(1, 1.5 * opacity);
      context.fillStyle = fill;
      context.fillRect(spine, y, panel.spine, h);
    }
  }

  #hatching(context: CanvasRenderingContext2D, picture: Picture): CanvasPattern | null {
    const colour = this.#plain('var(--against)', picture);
    if (this.#hatch?.colour !== colour) this.#hatch = { colour, pattern: hatchOn(context, colour) };
    return this.#hatch.pattern;
  }

  /** A canvas knows no variables of a style sheet. */
  #plain(colour: string, { dark }: Picture): string {
    if (!colour.startsWith('var(')) return colour;
    if (this.#theme?.dark !== dark) {
      const style = getComputedStyle(this.node);
      this.#theme = { dark, colours: new Map(NAMED.map(name => [`var(${name})`, style.getPropertyValue(name).trim()])) };
    }
    return this.#theme.colours.get(colour)!;
  }

  /** The same as elements, for a figure that is printed. */
  #drawing(): SVGElement {
    const { block, panel } = this, { x0, x1 } = panel, left = Math.min(x0, x1) - MARGIN, top = block.top - MARGIN;
    const drawing = svg('g', { transform: `translate(${-left} ${-top})` });
    for (const { fill, y, height } of this.#cells) drawing.append(svg('rect', { x: panel.rail!, y: y.toFixed(2), width: RAIL, height: (height + .1).toFixed(2), fill }));
    const bars = `rail-hatch-${panel.index}`;
    if (this.#hatch) drawing.append(hatch(bars, this.#hatch.colour));
    for (const [i, { flow, fill, far, opacity, y, height, hatched }] of this.#ribbons.entries()) {
      const id = `rail-ribbon-${panel.index}-${i}`;
      if (fill !== far) drawing.append(svg('linearGradient', { id, x1: x0, x2: x1, gradientUnits: 'userSpaceOnUse' }, svg('stop', { offset: 0, 'stop-color': fill }), svg('stop', { offset: 1, 'stop-color': far })));
      drawing.append(
        svg('path', { d: outline(flow!, panel), fill: fill === far ? fill : `url(#${id})`, opacity }),
        ...(hatched ? [svg('path', { d: outline(flow!, panel), fill: `url(#${bars})`, opacity })] : []),
        svg('rect', { x: spineX(panel), y: y.toFixed(2), width: panel.spine, height: height.toFixed(2), fill, opacity: Math.min(1, 1.5 * opacity) }));
    }
    return drawing;
  }
}

/** The outline of a ribbon, without the detour through a string. */
function trace(context: CanvasRenderingContext2D, { y0, h0, y1, h1 }: Flow, { x0, x1 }: PanelLayout): void {
  const a = lerp(x0, x1, BEND[0]), b = lerp(x0, x1, BEND[1]);
  context.beginPath();
  context.moveTo(x0, y0);
  context.bezierCurveTo(a, y0, b, y1, x1, y1);
  context.lineTo(x1, y1 + h1);
  context.bezierCurveTo(b, y1 + h1, a, y0 + h0, x0, y0 + h0);
}
