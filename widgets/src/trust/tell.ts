// What a trust panel says first.
import { lensView } from '../model/lens';
import { type Sentence, tellLens } from '../model/sentence';
import type { Report } from './types';

/** Where the lens and the effect of removal part; an explorer says the same of the same lens. */
export function tell({ error, state, target, methods, items, words, removal, effects, negligible, note }: Report, chosen: string): Sentence {
  if (error !== null) return [error];
  if (state === 'empty') return ['No history yet: there is nothing to explain.'];
  const method = methods.find(one => one.name === chosen);
  if (!target || !method) return ['Measuring.'];
  const then = note ? [` ${note}`] : [], { values } = method;
  if (!values) return [`${method.reason}.`, ...then];
  const history = items.map(item => item.id), own = chosen === 'attention';
  const view = lensView({ history, name: chosen, target, removal, values: own ? null : values, signed: method.signed, effects, negligible, limit: null }, history, own ? values : null);
  return [...tellLens(view, words, position => items[position - 1]!.title), ...then];
}
