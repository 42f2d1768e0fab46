// A figure in a saved page: its traits stand in the document, and there is no kernel. A picture of it
// stands in its place until it is drawn, and stays where it cannot be.
import { LocalModel } from '../engine/store';
import { DocumentSupply, has, json } from '../supply_document';
import type { Card } from '../worker/protocol';
import { Figure } from './figure';
import { CasePage } from './page/case_page';
import { Overlay } from './page/overlay';
import { viewOf } from './views';

const notice = document.getElementById('notice')!, told = (error: unknown): string => (error instanceof Error ? error.message : String(error));
try {
  const model = new Overlay(new LocalModel(json<Record<string, unknown>>('state'))), figure = new Figure(model, document.getElementById('figure')!, viewOf);
  document.getElementById('still')!.remove();
  if (has('models')) {
    const failed = (sentence: string) => { notice.textContent = `${sentence}. This is how it was left.`; };
    const page = new CasePage(model, new DocumentSupply(json<{ key: string; card: Card }[]>('models')), picture => model.put(picture), failed);
    page.start().then(() => { figure.root.dataset.engine = 'page'; }, (error: unknown) => failed(`The page cannot run the model (${told(error)})`));
  }
} catch (error) {
  notice.textContent = `The figure cannot be drawn anew (${told(error)}). This is how it was left.`;
}
