// One state's question to all models of an explorer. It is answered when all of them have answered.
import { PRIORITY, type Row, type RowAnswer } from '../../worker/protocol';
import type { Ticket } from './host';
import { Inspected } from './panel';
import type { Source } from './source';
import type { State } from '../state';

export class Inspection {
  #tickets: Ticket[] = [];
  #answers: Inspected[] = [];
  #over = false;

  /** Throws for an item that a source does not know. `answered` with an answer a source, or `failed` with the source that could not. */
  constructor(private sources: Source[], private state: State, private answered: (answers: Inspected[]) => void, private failed: (source: Source, message: string) => void, private priority: number = PRIORITY.edit) {
    for (const [source, row] of sources.map(source => [source, source.row(state)] as const)) this.#ask(source, row);
  }

  cancel(): void {
    this.#over = true;
    for (const ticket of this.#tickets) ticket.cancel();
  }

  #ask(source: Source, row: Row): void {
    const { model } = source, items = source.read(this.state), length = model.lengthFor('inspect', items);
    if (length !== null) { this.#run(source, row, length); return; } // in the same turn
    source.ready('inspect', items, this.priority).then(
      made => { if (!this.#over) this.#run(source, row, made); },
      (error: unknown) => this.#fail(source, error instanceof Error ? error.message : String(error)),
    );
  }

  #run(source: Source, row: Row, length: number): void {
    const wish = { ranking: source.ranking(this.state.topn), attention: true };
    this.#tickets.push(source.model.ask('inspect', length, [row], wish, this.priority, {
      rows: ([answer]) => this.#take(source, answer!, length),
      failed: message => this.#fail(source, message),
    }));
  }

  #take(source: Source, answer: RowAnswer, length: number): void {
    if (this.#over) return;
    this.#answers[this.sources.indexOf(source)] = new Inspected(source.model.card, answer, length, source.read(this.state));
    if (this.sources.every((_, i) => this.#answers[i])) {
      this.#over = true;
      this.answered(this.#answers);
    }
  }

  #fail(source: Source, message: string): void {
    if (this.#over) return;
    this.cancel();
    this.failed(source, message);
  }
}
