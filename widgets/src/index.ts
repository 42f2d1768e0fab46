// HistoryExplorer's front end, as anywidget mounts it.
//
// Hooks that tests and scripts may rely on; numbers count from 1:
//   [data-role=explorer]      data-state=empty|loading|pending|ready|error, data-view, data-theme,
//                             data-engine=kernel|page, data-seq (of the answer shown),
//                             data-moving=true|false (the clock runs), data-previews (how many are
//                             known), data-preview (the position without which is shown; absent: none),
//                             data-lens (name of the lens that is drawn; absent: none)
//   [data-role=sentence]      the heading
//   [data-role=history-row]   data-item, data-position, data-weight (drawn now; one a panel, by spaces),
//                             data-effect (while a lens is drawn)
//   [data-role=remove|grip]   on the pointed row; aria-label "Remove <title>", "Move <title>"
//   [data-role=now]           the handle; aria-valuenow
//   [data-role=add|search|match]  adding; match has data-item
//   [data-role=ribbon]        data-position, data-item, data-weight, data-panel (up to 60 of them;
//                             longer histories draw [data-role=ribbons-canvas], data-ribbons=<count>),
//                             while a lens is drawn data-effect, data-hatched=true|false (on the canvas a count)
//   [data-role=legend]        what the hues and the hatching of a lens mean
//   [data-role=ranking-row]   data-item, data-rank, data-score (drawn now), data-panel,
//                             data-explained=true (the item that a lens is about);
//                             while a preview is shown also data-ghost-rank, data-ghost-score: then
//   [data-role=preview]       one a panel; while a preview is shown data-panel, data-position, and the
//                             whole ranking without it: data-items, data-scores (JSON), best first
//   [data-role=ghost]         a vector of it: data-item, data-rank, data-score
//   [data-role=ghost-enters]  the first that would enter: data-item, data-rank, data-score, data-panel,
//                             data-more (how many more would)
//   [data-role=ghost-ribbon]  data-position, data-weight, data-panel
//   [data-role=held-out]      also data-ghost-rank
//   [data-role=weighing]      how a weight arose, while it is shown: data-panel, data-layer, data-head,
//                             data-query, data-key, data-weight, data-dot (q·k);
//                             [data-role=weighing-head] (data-head), weighing-weight, weighing-close
//   [data-role=foot|note|notice|hint]  provenance; on the answer; on the engine; until the first edit
//   [data-role=score], [data-role=dot], [data-role=held-out] (data-item, data-rank)
//   [data-role=take]          adds the pointed recommendation to the history
//   [data-role=map]           a tile of the picker: data-layer, data-head (a number, or mean)
//   [data-role=matrix], [data-role=rail-handle] (data-first, data-rows, data-total), [data-role=scale-key]
//   [data-role=tool-ribbons|tool-matrix|tool-play|tool-undo|tool-redo|tool-reset|tool-allow-removed|
//              tool-table|tool-save|tool-save-svg|tool-save-pdf]
//   [data-role=table-history|table-ranking|table-matrix|table-previews]  every number
// A row that is leaving has no data-position or data-rank.
import { pageMaker } from './engine/page/responder';
import { Session } from './engine/session';
import type { AnyModel } from './engine/store';
import { Explorer } from './explorer';

export default {
  render({ model, el }: { model: AnyModel; el: HTMLElement }): () => void {
    const explorer = new Explorer(new Session(model, { page: pageMaker() }), el);
    return () => explorer.dispose();
  },
};
