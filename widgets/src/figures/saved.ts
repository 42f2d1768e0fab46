// A figure in a saved page: its traits stand in the document, and there is no kernel. A picture of it
// stands in its place until it is drawn, and stays where it cannot be.
import { LocalModel } from '../engine/store';
import { json } from '../supply_document';
import { Figure } from './figure';
import { viewOf } from './views';

const notice = document.getElementById('notice')!;
try {
  new Figure(new LocalModel(json<Record<string, unknown>>('state')), document.getElementById('figure')!, viewOf);
  document.getElementById('still')!.remove();
} catch (error) {
  notice.textContent = `The figure cannot be drawn anew (${error instanceof Error ? error.message : String(error)}). This is how it was left.`;
}
