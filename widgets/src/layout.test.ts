import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Box, layoutOf, legendInLine, pickerWidth } from './layout';

const panel = (layers: number, heads: number) => ({ layers, heads, heldOut: true, attends: heads > 0 });
const WIDTHS = [300, 560, 600, 640, 700, 799, 800, 900, 999, 1000, 1080, 1280, 1500, 1800];
const LENGTHS = [0, 1, 3, 18, 20, 21, 60, 200];

function* shapes() {
  for (const n of LENGTHS) for (const view of ['ribbons', 'matrix'] as const) for (const topn of [1, 10, 30]) for (const dates of [true, false])
    for (const lens of [false, true]) for (const panels of [[panel(2, 4)], [panel(1, 1)], [panel(6, 8)], [panel(0, 0)], [panel(2, 4), panel(2, 1)], [panel(3, 8), panel(0, 0)]])
      yield { n, view, topn, dates, lens, panels, coarse: n % 2 === 0 };
}

const ordered = (boxes: (Box | null)[], said: string): void => {
  const at = boxes.filter(b => b !== null);
  for (const b of at) assert.ok(b.w >= 0, `${said}: width ${b.w}`);
  for (let i = 1; i < at.length; i++) assert.ok(at[i - 1]!.x + at[i - 1]!.w <= at[i]!.x + .01, `${said}: ${JSON.stringify(at[i - 1])} over ${JSON.stringify(at[i])}`);
};

test('at every width and shape columns stand in order, inside, with room for titles', () => {
  for (const width of WIDTHS) for (const shape of shapes()) {
    const layout = layoutOf(width, shape), said = `${width} ${JSON.stringify(shape)}`;
    for (const block of layout.blocks) {
      const { history } = block;
      assert.ok(history.title.w >= (history.effect ? 60 : 80), `${said}: title ${history.title.w}`);
      const inner = block.panels.length === 2 ? [history.effect, history.shares[0]!, history.pos, history.title, history.shares[1]!] : [history.date, history.pos, history.title, history.shares[0] ?? null, history.effect];
      ordered(inner, said);
      const ranking = block.panels[0]!, rowsEnd = block.top + layout.rows * history.row, legend = Math.max(rowsEnd, ranking.top + ranking.pitch * ranking.rows) + 17 + 2 * 16 + 5;
      if (history.effect && (ranking.dir < 0 || !legendInLine(rowsEnd, ranking.heldY))) assert.ok(block.bottom >= legend, `${said}: the legend ends at ${legend}, below ${block.bottom}`);
      for (const p of block.panels) {
        const flip = (b: Box | null): Box | null => b && (p.dir === 1 ? b : { x: layout.width - b.x - b.w, w: b.w }), x = (v: number) => (p.dir === 1 ? v : layout.width - v);
        assert.ok(p.film.w >= 70, `${said}: film ${p.film.w}`);
        ordered([...(block.matrix ? [] : [{ x: x(p.x0), w: 0 }, { x: x(p.x1), w: p.spine }]), flip(p.no), flip(p.film), flip(p.move), flip(p.plane), flip(p.score), { x: layout.width, w: 0 }], said);
        if (!block.matrix) assert.ok(x(p.x1) - x(p.x0) >= 40, `${said}: ribbons ${x(p.x1) - x(p.x0)}`);
        if (p.picker) {
          const shapeOfPanel = shape.panels[p.index]!, right = p.picker.x + pickerWidth(shapeOfPanel.heads, p.picker.tile, p.picker.gap);
          assert.ok(p.picker.x >= 0 && right <= layout.width + .01, `${said}: picker ${p.picker.x}..${right}`);
        }
        assert.ok(p.top + p.pitch * p.rows <= layout.height, `${said}: height`);
      }
    }
  }
});

test('blocks of two models stand below each other, or share the history', () => {
  const two = { n: 18, view: 'ribbons' as const, topn: 10, dates: false, coarse: false, lens: false, panels: [panel(2, 4), panel(2, 4)] };
  assert.equal(layoutOf(1080, two).blocks.length, 1);
  const [first, second] = layoutOf(800, two).blocks;
  assert.ok(second!.top > first!.bottom);
});

test('the reference layouts are the design notes\' own', () => {
  const one = { n: 18, view: 'ribbons' as const, topn: 10, dates: true, coarse: false, lens: false, panels: [panel(2, 4)] };
  const wide = layoutOf(1080, one).blocks[0]!, narrow = layoutOf(640, one).blocks[0]!;
  assert.deepEqual([wide.history.pos, wide.panels[0]!.x0, wide.panels[0]!.x1, wide.panels[0]!.film.x, wide.panels[0]!.plane, wide.top], [{ x: 40, w: 22 }, 334, 594, 646, { x: 916, w: 118 }, 80]);
  assert.deepEqual([narrow.history.pos, narrow.panels[0]!.x0, narrow.panels[0]!.x1, narrow.panels[0]!.film.x, narrow.panels[0]!.plane, narrow.top], [{ x: 0, w: 16 }, 234, 348, 388, { x: 552, w: 50 }, 88]);
});
