// The ribbon that would be gone without the item pointed at: dashed, with what it carries.
import { svg } from '../dom';
import type { PanelLayout } from '../layout';
import { weight } from '../model/format';
import { byHead } from '../model/ghosts';
import { ownShares } from '../model/lens';
import type { Picture } from '../picture';
import { type Flow, outline } from './flow';

const NAMED = 180; // px of a ribbon on which the name of a lens has room

export class GhostRibbon {
  readonly node = svg('g');
  #shown = false;

  constructor(private panel: PanelLayout) {}

  paint(data: readonly Flow[], { preview, answer, lens }: Picture): void {
    const { panel } = this, f = preview && data.find(one => one.mark.position === preview.position), said = answer?.panels[panel.index], own = ownShares(lens, panel.index);
    if (this.#shown) this.node.replaceChildren();
    this.#shown = !!f && (!!said?.row || !!own);
    if (!f || !answer || !said || !(said.row || own)) return;
    const { shown } = answer, { position } = f.mark, heads = shown.head === null && !own ? byHead(said, Math.min(shown.layer, said.layers), shown.now, shown.query, position) : null;
    const x = panel.x1 - 12 * panel.dir, y = f.y1 + f.h1 / 2, anchor = panel.dir > 0 ? 'end' : 'start';
    const share = own ? weight(f.weight, 'softmax') + (Math.abs(panel.x1 - panel.x0) > NAMED ? ` by ${lens!.label}` : '') : said.normalisation === 'softmax' ? `${weight(f.weight, 'softmax')} of attention` : `weight ${weight(f.weight, said.normalisation)}`;
    const parts = heads && said.normalisation === 'softmax' ? `by head ${heads.map(w => Math.round(w * 100)).join(' ')}` : '';
    this.node.append(
      svg('path', { d: outline(f, panel), class: 'ghost', 'data-role': 'ghost-ribbon', 'data-position': position, 'data-weight': f.weight.toFixed(6), 'data-panel': panel.index + 1 }),
      svg('text', { x, y: parts ? y - 4 : y + 4, 'text-anchor': anchor, class: 'note' }, share), svg('text', { x, y: y + 12, 'text-anchor': anchor, class: 'note soft' }, parts),
    );
  }
}
