// The ribbons of one panel as SVG: each partitions the spine by its weight. A history that is shown
// through a rail has too many for that: see rail_ribbons.
import { attributes, Keyed, svg } from '../dom';
import type { Block, PanelLayout } from '../layout';
import type { LensView } from '../model/lens';
import type { Marks } from '../model/marks';
import type { Actions, Picture, ViewPart } from '../picture';
import { Etch } from './etch';
import { type Flow, flows, isHued, isKnown, outline, spineX } from './flow';
import { GhostRibbon } from './ghost_ribbon';
import { hatch } from './hatch';

export class Ribbons implements ViewPart {
  readonly node = svg('g', { 'data-role': 'ribbons' });
  #drawn = svg('g');
  #etch: Etch;
  #ghost: GhostRibbon;
  /** In front of everything. */
  readonly over: SVGGElement;
  #keyed: Keyed<SVGGElement, Flow>;
  #query = 0;
  #made = 0;
  #hued = false;
  #hatch: SVGElement | null = null;

  constructor(private uid: string, private block: Block, private panel: PanelLayout, act: Actions) {
    this.#etch = new Etch(block, panel);
    this.#ghost = new GhostRibbon(panel);
    this.over = this.#ghost.node;
    this.node.append(this.#drawn, this.#etch.node);
    this.#keyed = new Keyed(this.#drawn, () => this.#make());
    this.node.addEventListener('pointerover', event => {
      const at = (event.target as Element).closest('[data-position]');
      if (at) act.point(Number(at.getAttribute('data-position')) || null);
    });
    this.node.addEventListener('pointerleave', () => act.point(null));
    this.node.addEventListener('click', event => {
      const position = Number((event.target as Element).closest('[data-position]')?.getAttribute('data-position'));
      if (position && this.#query) act.weigh(this.panel.index, this.#query, position);
    });
  }

  #make(): SVGGElement {
    const id = `${this.uid}-${this.panel.index}-${this.#made++}`, { x0, x1 } = this.panel;
    return svg('g', { 'data-role': 'ribbon', 'data-panel': this.panel.index + 1 },
      svg('linearGradient', { id, x1: x0, x2: x1, gradientUnits: 'userSpaceOnUse' }, svg('stop', { offset: 0 }), svg('stop', { offset: 1 })),
      svg('path', { fill: `url(#${id})` }), svg('rect', { x: spineX(this.panel), width: this.panel.spine }));
  }

  paint(marks: Marks, picture: Picture): void {
    const { block, panel } = this, known = isKnown(picture, panel), hued = isHued(picture, panel);
    this.#query = known ? picture.answer!.shown.query : 0;
    const data = flows(marks, picture, block, panel, known);
    this.#keyed.update(data, f => f.mark.key, (node, f) => {
      const ghost = picture.preview !== null && picture.preview.position === f.mark.position;
      const [gradient, path, rect] = node.children as unknown as [Element, Element, Element];
      const lit = picture.active === null || picture.active === f.mark.position;
      attributes(node, {
        'data-position': f.mark.position, 'data-item': String(f.mark.id), 'data-weight': known ? f.weight.toFixed(6) : '',
        opacity: lit ? null : .42, class: ghost ? 'ghostly' : f.mark.position ? null : 'leaving',
      });
      if (hued || this.#hued) this.#paintHatch(node, f, hued && known ? picture.lens : null);
      attributes(gradient.children[0]!, { 'stop-color': f.near });
      attributes(gradient.children[1]!, { 'stop-color': f.far });
      attributes(path, { d: outline(f, this.panel) });
      attributes(rect, { y: f.y1.toFixed(2), height: f.h1.toFixed(2), fill: f.near });
    });
    this.#hued = hued;
    this.#etch.paint(picture.etched, picture);
    this.#ghost.paint(data, picture);
  }

  /** Where weight and effect disagree, over the ribbon. */
  #paintHatch(node: SVGGElement, f: Flow, lens: LensView | null): void {
    const { position } = f.mark, effect = lens && position ? lens.effects[position - 1] ?? null : null, hatched = !!lens?.hatched.has(position);
    attributes(node, { 'data-effect': effect?.toFixed(6) ?? null, 'data-hatched': lens ? String(hatched) : null });
    if (hatched && !node.children[3]) node.append(svg('path', { fill: `url(#${this.#pattern()})` }));
    if (node.children[3]) attributes(node.children[3], hatched ? { d: outline(f, this.panel), display: null } : { display: 'none' });
  }

  #pattern(): string {
    const id = `${this.uid}-${this.panel.index}-hatch`;
    if (!this.#hatch) this.node.prepend(this.#hatch = hatch(id, 'var(--against)'));
    return id;
  }
}
