// The feature pictures' front end, as anywidget mounts it.
//
// Hooks that tests and scripts may rely on; layers and heads count from 1:
//   [data-role=figure]        data-kind, data-theme, data-moving=true|false, data-frame, data-frames,
//                             data-field, data-item, data-context (JSON), data-layer, data-head (what
//                             is chosen; absent: nothing), data-pointed (key of the mark pointed at)
//   [data-role=figure-title|figure-told|figure-tip|figure-foot]
//   [data-role=figure-stage]  takes the keys; [data-role=head-mean|head-1|...]
//   [data-role=figure-play|figure-scrub|figure-frame]  where there are several frames
//   [data-role=figure-table|figure-numbers|figure-save]
// What each view draws has hooks of its own: see views/.
import type { AnyModel } from '../engine/store';
import { Figure } from './figure';
import { viewOf } from './views';

export default {
  render({ model, el }: { model: AnyModel; el: HTMLElement }): () => void {
    const figure = new Figure(model, el, viewOf);
    return () => figure.dispose();
  },
};
