import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** What an entry takes besides its JSON, about: its key and its place. */
const ENTRY_BYTES = 256;

/** How much is kept. */
export interface ItemMemoryLimits {
  /** Of all items together; 0: nothing is kept. */
  readonly maxBytes: number;
  /** Default 50,000. */
  readonly maxItems?: number;
}

/**
 * Items of answers that were made here, in dialects whose clients send them back by their ids. What
 * one client was told, no other finds. What was not used for longest gives way to the new; all of it
 * is gone with the process.
 */
export class ItemMemory {
  /** The items as JSON, as the client saw them; what was used last stands last. */
  readonly #items = new Map<string, Buffer>();
  readonly #maxItems: number;
  #maxBytes: number;
  #bytes = 0;

  constructor({ maxBytes, maxItems = 50_000 }: ItemMemoryLimits) {
    this.#maxBytes = maxBytes;
    this.#maxItems = maxItems;
  }

  /** What is kept takes so many bytes, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Changes how much is kept, at once. */
  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#shrink();
  }

  /**
   * Keeps an item; one that is larger than everything may be is not kept.
   *
   * @param owner - tells clients apart.
   * @param json - of the item.
   */
  keep(owner: string, id: string, json: string): void {
    const key = keyOf(owner, id);
    this.#forget(key);
    const item = Buffer.from(json);
    if (item.length + ENTRY_BYTES > this.#maxBytes) return;
    this.#items.set(key, item);
    this.#bytes += item.length + ENTRY_BYTES;
    this.#shrink();
  }

  /** The item of an id; undefined where it is not kept, or is another client's. */
  find(owner: string, id: string): JsonObject | undefined {
    const key = keyOf(owner, id);
    const item = this.#items.get(key);
    if (item === undefined) return undefined;
    this.#items.delete(key);
    this.#items.set(key, item);
    const value = JSON.parse(item.toString()) as unknown;
    return isJsonObject(value) ? value : undefined;
  }

  #shrink(): void {
    for (const key of this.#items.keys()) {
      if (this.#bytes <= this.#maxBytes && this.#items.size <= this.#maxItems) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    this.#items.delete(key);
    this.#bytes -= item.length + ENTRY_BYTES;
  }
}

/** An owner holds no line feed, so no owner and id make the key of another two. */
function keyOf(owner: string, id: string): string {
  return `${owner}\n${id}`;
}
