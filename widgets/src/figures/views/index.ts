// Every way to draw, by the name that Python has for it.
import type { View } from '../types';
import { Heatmap } from './heatmap';

const VIEWS: Record<string, () => View> = {
  'field-heatmap': () => new Heatmap() as View,
};

export function viewOf(kind: string): View {
  const make = VIEWS[kind];
  if (!make) throw new Error(`there is no figure ${kind}`);
  return make();
}
