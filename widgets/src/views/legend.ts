// What the hues and the hatching of a lens mean: in one line below the rows, or stacked below the
// ribbons where the ranking is in the way of a line.
import { svg } from '../dom';
import { type Block, legendInLine, type PanelLayout } from '../layout';
import { diverging } from '../model/colour';
import type { Picture } from '../picture';
import { hatch } from './hatch';

const LETTER = 5.2; // px, about
const ROOM = 226; // that the longest takes

export function legend(uid: string, { layout, dark }: Picture, block: Block, panel: PanelLayout): SVGElement {
  const { history, top } = block, rowsEnd = top + layout.rows * history.row, inLine = panel.dir > 0 && legendInLine(rowsEnd, panel.heldY);
  const long = inLine ? layout.wide : Math.abs(panel.x1 - panel.x0) >= ROOM, bars = `${uid}-legend-hatch`;
  const entries: [string, string, boolean][] = [
    ['raises it', diverging(.7, dark), false], ['lowers it', diverging(-.4, dark), false],
    [long ? 'lowers it, though weighed above average' : 'lowers it, though heavy', diverging(-.4, dark), true],
  ];
  let x = inLine && !layout.wide ? history.title.x + 104 : panel.x0, y = Math.max(rowsEnd, inLine ? 0 : panel.top + panel.pitch * panel.rows) + 17;
  const node = svg('g', { 'data-role': 'legend' }, hatch(bars, 'var(--against)'));
  for (const [text, fill, hatched] of entries) {
    const box = { x: panel.dir > 0 ? x : x - 16, y: y - 5, width: 16, height: 10 };
    node.append(svg('rect', { ...box, fill }));
    if (hatched) node.append(svg('rect', { ...box, fill: `url(#${bars})` }));
    node.append(svg('text', { x: panel.dir > 0 ? x + 21 : x - 21, y: y + 4, 'text-anchor': panel.dir > 0 ? 'start' : 'end', class: 'tick' }, text));
    if (inLine) x += 21 + text.length * LETTER + 14; else y += 16;
  }
  return node;
}
