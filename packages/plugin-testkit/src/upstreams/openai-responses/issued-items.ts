import type { Json } from '../shape.ts';

/** An item that was given out, with what it was given out for. */
interface IssuedItem {
  readonly item: Json;
  readonly model: string;
  /** Whether the vendor keeps it, so that its id is enough. */
  readonly isStored: boolean;
  /** The item of reasoning that led to it. */
  readonly reasoning: string | undefined;
}

/** What was answered so far: items by their id, and the stored answers with their open calls. */
export class IssuedItems {
  readonly #items = new Map<unknown, IssuedItem>();
  readonly #openCalls = new Map<unknown, readonly unknown[]>();

  /** Remembers an answer. */
  issue(responseId: string, output: readonly Json[], model: string, isStored: boolean): void {
    let reasoning: string | undefined;
    for (const item of output) {
      const id = item['id'] as string;
      const isReasoning = item['type'] === 'reasoning';
      this.#items.set(id, {
        item,
        model,
        isStored,
        reasoning: isReasoning ? undefined : reasoning,
      });
      if (isReasoning) reasoning = id;
    }
    const calls = output.flatMap(({ call_id: id }) => (id === undefined ? [] : [id]));
    if (isStored) this.#openCalls.set(responseId, calls);
  }

  /** The item of an id; undefined for what is none of this vendor's. */
  get(id: unknown): IssuedItem | undefined {
    return this.#items.get(id);
  }

  /** The calls that a stored answer ended with; undefined for an unknown one. */
  openCalls(responseId: unknown): readonly unknown[] | undefined {
    return this.#openCalls.get(responseId);
  }
}
