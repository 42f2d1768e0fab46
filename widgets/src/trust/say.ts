// A sentence that is a live region: its nodes are exchanged only when it says something else.
import { asText, type Sentence } from '../model/sentence';
import { pieces } from '../views/titles';

export function say(node: Element, sentence: Sentence): void {
  if (node.textContent !== asText(sentence)) node.replaceChildren(...pieces(sentence));
}
