// TrustPanel's front end, as anywidget mounts it.
//
// Hooks that tests and scripts may rely on; positions count from 1 in the explorer's history:
//   [data-role=trust]         data-state=empty|measuring|ready|error, data-seq (of the report shown),
//                             data-tab, data-theme, data-lens, data-removal
//   [data-role=trust-sentence]
//   [data-role=tab-measures|tab-race|tab-slider], [data-role=target] (a select),
//   [data-role=removal-drop|removal-mask]
//   [data-role=measures]      data-moving=true|false (dots are on their way)
//   [data-role=measure-row]   data-method (also random, uniform); in it [data-role=lens], a radio
//   [data-role=measure]       data-method, data-metric, data-value (absent: undefined), data-x (drawn
//                             now, 0 to 1 along its column)
//   [data-role=band]          data-metric, data-low, data-high
//   [data-role=value-bar]     data-method, data-position, data-value
//   [data-role=value-tip]     the value under the pointer
//   [data-role=flip|flip-play|flip-undo|flip-sentence|flip-reason]
//   [data-role=measures-table|measures-numbers], [data-role=trust-foot]
// The deletion race has race-*, the lying slider lie-*: see race.ts and lie.ts.
import type { AnyModel } from '../engine/store';
import { TrustPanel } from './panel';

export default {
  render({ model, el }: { model: AnyModel; el: HTMLElement }): () => void {
    const panel = new TrustPanel(model, el);
    return () => panel.dispose();
  },
};
