// Which layer is shown, beside the head: their mean first.
//
//   [data-role=layer-all|layer-1|...]
import { attributes, el, hide } from '../dom';
import type { AnyModel } from '../engine/store';

export class LayerButtons {
  readonly node = el('div', { class: 'tools', role: 'group', 'aria-label': 'Layer', hidden: true });
  #offered = '';

  constructor(private model: AnyModel) {}

  /** The layers by name, the numbers that choose them, and which is chosen. */
  offer(layers: readonly string[], numbers: readonly number[], chosen: number | null): void {
    hide(this.node, numbers.length < 2);
    const offered = JSON.stringify([layers, numbers]);
    if (offered !== this.#offered) {
      this.#offered = offered;
      const button = (layer: number | null, text: string, told: string): HTMLElement => {
        const node = el('button', { type: 'button', 'data-role': `layer-${layer ?? 'all'}`, 'aria-label': told }, text);
        node.addEventListener('click', () => { this.model.set('layer', layer); this.model.save_changes(); });
        return node;
      };
      const each = numbers.map((layer, i) => button(layer, layers[i] === `layer ${layer}` ? String(layer) : layers[i]!, layers[i]!));
      this.node.replaceChildren(el('span', {}, 'Layer'), button(null, 'all', 'Mean of all layers'), ...each);
    }
    for (const node of this.node.querySelectorAll('button')) attributes(node, { 'aria-pressed': String(node.getAttribute('data-role') === `layer-${chosen ?? 'all'}`) });
  }
}
