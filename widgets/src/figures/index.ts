// The feature pictures' front end, as anywidget mounts it.
//
// Hooks that tests and scripts may rely on; layers and heads count from 1:
//   [data-role=figure]        data-kind, data-theme, data-moving=true|false, data-frame, data-frames,
//                             data-field, data-item, data-context (JSON), data-layer, data-head (what
//                             is chosen; absent: nothing), data-pointed (key of the mark pointed at),
//                             data-engine=page where the page answers by itself
//   [data-role=figure-title|figure-told|figure-tip|figure-foot]
//   [data-role=figure-stage]  takes the keys; [data-role=head-mean|head-1|...]
//   [data-role=figure-play|figure-scrub|figure-frame]  where there are several frames
//   [data-role=figure-table|figure-numbers|figure-save]
// What each view draws has hooks of its own: see views/.
import { Wire } from '../engine/wire';
import { KernelSupply } from '../engine/page/supply';
import type { AnyModel } from '../engine/store';
import { Figure } from './figure';
import { CasePage } from './page/case_page';
import { Overlay } from './page/overlay';
import { viewOf } from './views';

export default {
  render({ model, el }: { model: AnyModel; el: HTMLElement }): () => void {
    const overlay = new Overlay(model), figure = new Figure(overlay, el, viewOf), stop = model.get('_page_able') === true ? answerHere(model, overlay, figure) : () => {};
    return () => { stop(); figure.dispose(); };
  },
};

/** The page answers as soon as it can; where it cannot, the kernel goes on, and a sentence says why. */
function answerHere(model: AnyModel, overlay: Overlay, figure: Figure): () => void {
  const wire = new Wire(model), tell = (here: boolean) => { answers = here; model.set('_page', here); model.save_changes(); };
  let gone = false, answers = false;
  const failed = (sentence: string) => {
    if (gone) return;
    page.dispose();
    overlay.drop();
    delete figure.root.dataset.engine;
    tell(false);
    figure.notice(`${sentence}: the kernel answers.`);
  };
  const page = new CasePage(overlay, new KernelSupply(wire), picture => overlay.put(picture), failed);
  page.start().then(
    () => { if (!gone) { figure.root.dataset.engine = 'page'; tell(true); } },
    (error: unknown) => failed(error instanceof Error ? `The page cannot run the model (${error.message})` : String(error)),
  );
  return () => {
    gone = true;
    wire.dispose();
    page.dispose();
    if (answers) try { tell(false); } catch { /* the widget is closed: nobody is to be told */ }
  };
}
