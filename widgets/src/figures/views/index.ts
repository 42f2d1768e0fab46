// Every way to draw, by the name that Python has for it.
import type { AnyModel } from '../../engine/store';
import type { View } from '../types';
import { AttentionStream } from './attention_stream';
import { Bars } from './bars';
import { CaseView } from './case';
import { ContextMap } from './context_map';
import { Distribution } from './distribution';
import { EmbeddingMap } from './embedding_map';
import { FieldFlow } from './field_flow';
import { Heatmap } from './heatmap';

const VIEWS: Record<string, (model: AnyModel) => View> = {
  'attention-stream': model => new AttentionStream(model) as View,
  'context-map': () => new ContextMap() as View,
  'embedding-map': model => new EmbeddingMap(model) as View,
  'feature-bars': model => new Bars(model) as View,
  'feature-distribution': () => new Distribution() as View,
  'feature-explorer': model => new CaseView(model) as View,
  'field-flow': model => new FieldFlow(model) as View,
  'field-heatmap': () => new Heatmap() as View,
};

export function viewOf(kind: string, model: AnyModel): View {
  const make = VIEWS[kind];
  if (!make) throw new Error(`there is no figure ${kind}`);
  return make(model);
}
