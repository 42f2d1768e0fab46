// The stage: the views of every block, in layers. SVG under the text, the text, SVG over it.
import { attributes, el, svg } from '../dom';
import type { Layout } from '../layout';
import { keyWeight } from '../model/scale';
import { weight } from '../model/format';
import { lensInFull } from '../model/sentence';
import { nearTone, sequential } from '../model/colour';
import { Later } from '../motion/later';
import type { Marks } from '../model/marks';
import type { Actions, Picture } from '../picture';
import type { Engine } from '../types';
import { isHued, spineX } from './flow';
import { HistoryList } from './history';
import { legend } from './legend';
import { Matrix } from './matrix';
import { Picker } from './picker';
import { Rail } from './rail';
import { RailRibbons } from './rail_ribbons';
import { Ranking } from './ranking';
import { Ribbons } from './ribbons';
import { Search } from './search';

export class Stage {
  readonly node = el('div', { class: 'stage', 'data-role': 'stage' });
  readonly lists: HistoryList[] = [];
  readonly search: Search;
  #parts: { update?(p: Picture): void; paint?(m: Marks, p: Picture, t: number): void }[] = [];
  #under = svg('svg', { class: 'under', 'aria-hidden': 'true' });
  #over = svg('svg', { class: 'over', 'aria-hidden': 'true' });
  #spines = svg('g');
  #keys = svg('g');
  #keyed = '';
  #later = new Later();

  constructor(private uid: string, private layout: Layout, engine: Engine, act: Actions) {
    this.#under.append(this.#spines);
    this.node.append(this.#under);
    const first = layout.blocks[0]!;
    this.search = new Search(uid, first, engine, act);
    // In the order of the tab stops: pickers, histories, rankings.
    for (const block of layout.blocks) for (const panel of block.panels) if (panel.picker) this.#add(new Picker(panel, act));
    for (const [i, block] of layout.blocks.entries()) {
      const list = new HistoryList(uid, block, i === 0, act);
      this.lists.push(list);
      for (const panel of block.panels) {
        if (panel.attends && !block.matrix) {
          const ribbons = panel.rail === null ? new Ribbons(uid, block, panel, act) : new RailRibbons(block, panel, act);
          (panel.rail === null ? this.#under : this.node).append(ribbons.node);
          this.#over.append(ribbons.over);
          this.#parts.push(ribbons);
        }
        if (block.matrix) {
          const matrix = new Matrix(block, panel, act);
          this.#over.append(matrix.over);
          this.#add(matrix);
        }
        if (panel.attends) {
          const rail = new Rail(block, panel, act);
          this.#under.append(rail.under);
          this.#over.append(rail.over);
          this.node.append(rail.handle);
          this.#parts.push(rail);
        }
      }
      this.#add(list);
      if (i === 0) { this.node.append(this.search.node); this.#parts.push(this.search); }
    }
    for (const block of layout.blocks) for (const panel of block.panels) {
      const ranking = new Ranking(uid, block, panel, act);
      this.#under.append(ranking.under);
      this.#over.append(ranking.over);
      this.#add(ranking);
    }
    this.#under.append(this.#keys);
    this.node.append(this.#over);
  }

  #add(part: { node: Element; update?(p: Picture): void; paint?(m: Marks, p: Picture, t: number): void }): void {
    this.node.append(part.node);
    this.#parts.push(part);
  }

  dispose(): void { this.search.dispose(); }

  resize(width: number, height: number): void {
    this.node.style.height = `${Math.ceil(height)}px`;
    for (const layer of [this.#under, this.#over]) attributes(layer, { width, height: Math.ceil(height) });
  }

  update(picture: Picture): void {
    for (const part of this.#parts) part.update?.(picture);
    this.#drawSpines(picture);
    this.#later.do(() => this.#drawKeys(picture));
  }

  paint(marks: Marks, picture: Picture, t: number): void {
    for (const part of this.#parts) part.paint?.(marks, picture, t);
  }

  /** With nothing to partition it, the spine stands empty. */
  #drawSpines(picture: Picture): void {
    this.#spines.replaceChildren();
    if (picture.traits.history.length) return;
    for (const block of this.layout.blocks) for (const panel of block.panels) if (panel.attends && !block.matrix) {
      this.#spines.append(svg('rect', { x: spineX(panel), y: panel.top, width: panel.spine, height: panel.pitch * panel.rows, fill: 'var(--rule)' }));
    }
  }

  /** A ribbon of a round weight, which says the scale, the map and how weights are normalised; or what the hues of a lens mean. */
  #drawKeys(picture: Picture): void {
    const { answer, target } = picture;
    const state = JSON.stringify([!!picture.lens, picture.fresh, picture.dark, picture.traits.history.length, answer?.shown.layer, answer?.shown.head, target.panels.map(p => p.scale), answer?.panels.map(p => [p.normalisation, p.row && p.normalisation !== 'softmax' ? p.row.reduce((s, v) => s + v, 0) : 0])]);
    if (state === this.#keyed) return;
    this.#keyed = state;
    this.#keys.replaceChildren();
    if (!answer || !picture.traits.history.length || !picture.fresh) return;
    for (const block of this.layout.blocks) for (const panel of block.panels) {
      if (isHued(picture, panel)) { this.#keys.append(legend(this.uid, picture, block, panel)); continue; }
      const said = answer.panels[panel.index], scale = target.panels[panel.index]?.scale;
      if (!panel.attends || block.matrix || !said?.row || !scale) continue;
      const w = keyWeight(scale), h = w * scale, y = Math.max(block.top + picture.layout.rows * block.history.row, panel.top + panel.pitch * panel.rows) + 17, u = h / (panel.rail === null ? 20 : 11);
      const total = said.row.reduce((s, v) => s + v, 0), x = panel.dir > 0 ? panel.x0 : panel.x0 - 18;
      const share = said.normalisation === 'softmax' ? `${weight(w, 'softmax').replace('.0%', '%')} of attention` : `weight ${Number(w.toPrecision(1))}; the row sums to ${weight(total, 'none')}, not to one`;
      const room = Math.abs(panel.x1 - panel.x0) > 200 && answer.panels.length === 1;
      this.#keys.append(
        svg('rect', { x, y: y - h / 2, width: 18, height: h, fill: sequential(nearTone(u), picture.dark) }),
        svg('text', { x: panel.dir > 0 ? x + 26 : x - 8, y: y + 4, 'text-anchor': panel.dir > 0 ? 'start' : 'end', class: 'tick', 'data-role': 'scale-key' },
          room ? `${share}, ${said.heads > 1 && answer.shown.head === null ? `layer ${answer.shown.layer}, mean of heads` : lensInFull(answer, said)}` : share));
    }
  }
}
