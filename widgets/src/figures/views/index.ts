// Every way to draw, by the name that Python has for it.
import type { AnyModel } from '../../engine/store';
import type { View } from '../types';
import { Heatmap } from './heatmap';

const VIEWS: Record<string, (model: AnyModel) => View> = {
  'field-heatmap': () => new Heatmap() as View,
};

export function viewOf(kind: string, model: AnyModel): View {
  const make = VIEWS[kind];
  if (!make) throw new Error(`there is no figure ${kind}`);
  return make(model);
}
