// From what is reported of a method to the lens that shows it.
import type { Id, Lens } from '../types';
import type { Report } from './types';

export const ATTENTION = 'attention';

/** What the explorer draws of a report; null for a method that has no values. */
export function lensOf({ methods, target, removal, effects, negligible, unread }: Pick<Report, 'methods' | 'target' | 'removal' | 'effects' | 'negligible' | 'unread'>, name: string, history: readonly Id[]): Omit<Lens, 'limit'> | null {
  const method = methods.find(one => one.name === name), none = new Array<number>(unread).fill(0);
  if (!method?.values || !target) return null;
  return {
    history: [...history], name, target: { id: target.id, title: target.title }, removal, signed: method.signed, negligible,
    values: name === ATTENTION ? null : [...none, ...method.values], effects: [...none, ...effects],
  };
}
