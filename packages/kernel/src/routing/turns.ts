import QuickLRU from 'quick-lru';
import type { RouteQuery } from './plan.ts';

const MAX_MODELS = 1_000;
/** Clients make names up; longer ones share their counts. */
const MAX_NAME_LENGTH = 256;

/** Counts requests per operation and model, of which it forgets the least recently asked for. */
export class Turns {
  readonly #counts = new QuickLRU<string, number>({ maxSize: MAX_MODELS });

  /** How many there have been, from 0. */
  of(query: Pick<RouteQuery, 'operation' | 'model'>): number {
    return this.#counts.get(keyOf(query)) ?? 0;
  }

  pass(query: Pick<RouteQuery, 'operation' | 'model'>): void {
    const key = keyOf(query);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

function keyOf({ operation, model }: Pick<RouteQuery, 'operation' | 'model'>): string {
  return `${operation} ${model.length > MAX_NAME_LENGTH ? model.slice(0, MAX_NAME_LENGTH) : model}`;
}
