// What the smallest flip says.
import type { Piece, Sentence } from '../model/sentence';
import { count } from '../model/format';
import type { Words } from '../types';
import type { Flip } from './types';

const TITLES = 3; // named one by one; of more, the number

export function tellFlip(flip: Flip, words: Words): Sentence {
  if (flip.error !== null) return [flip.error];
  if (!flip.found) {
    if (flip.of === 1) return [`Of one ${words.item} none can be removed.`];
    return [`No removal ${flip.minimal ? '' : 'that was tried '}changes what comes first: `, { title: flip.before.title }, '.'];
  }
  const proof = flip.minimal ? '; no smaller removal does it.' : '; whether fewer would do was not proved.';
  const { played, removed, titles, before, after } = flip;
  return [
    played ? 'With ' : 'Without ', ...named(titles, words.items), `${played ? ' gone' : ''} (${removed.length} of ${count(flip.of, words)}), `, { title: after.title },
    played ? ' comes first instead of ' : ' would come first instead of ', { title: before.title }, proof,
  ];
}

function named(titles: string[], items: string): Piece[] {
  if (titles.length > TITLES) return [`${titles.length} ${items}`];
  return titles.flatMap((title, i): Piece[] => [...(i ? [i === titles.length - 1 ? ' and ' : ', '] : []), { title }]);
}
