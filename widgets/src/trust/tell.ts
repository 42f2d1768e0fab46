// What a trust panel says first.
import { lensView } from '../model/lens';
import { type Sentence, tellLens } from '../model/sentence';
import { lensOf } from './lens_of';
import type { Report } from './types';

/** Where the lens and the effect of removal part; an explorer says the same of the same lens. */
export function tell(report: Report, chosen: string): Sentence {
  const { error, state, target, methods, items, words, note } = report;
  if (error !== null) return [error];
  if (state === 'empty') return ['No history yet: there is nothing to explain.'];
  const method = methods.find(one => one.name === chosen);
  if (!target || !method) return ['Measuring.'];
  const then = note ? [` ${note}`] : [], read = items.map(item => item.id), lens = lensOf({ ...report, unread: 0 }, chosen, read);
  if (!lens) return [`${method.reason}.`, ...then];
  return [...tellLens(lensView({ ...lens, limit: null }, read, method.values), words, position => items[position - 1]!.title), ...then];
}
