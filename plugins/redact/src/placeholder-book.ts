/** What looks like a placeholder. */
const PLACEHOLDER = /\[[A-Z][A-Z0-9_]{0,39}_\d{1,6}\]/g;

/** Knows which placeholder stands for which value, for one request. Both are told to nobody else. */
export class PlaceholderBook {
  readonly #byValue = new Map<string, string>();
  readonly #byPlaceholder = new Map<string, string>();
  readonly #reserved = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** True: nothing was replaced. */
  get isEmpty(): boolean {
    return this.#byValue.size === 0;
  }

  /** How many different values were replaced. */
  get size(): number {
    return this.#byValue.size;
  }

  /** Keeps what looks like a placeholder in a client's own text from being taken for one. */
  reserve(text: string): void {
    if (!text.includes('[')) return;
    for (const [found] of text.matchAll(PLACEHOLDER)) this.#reserved.add(found);
  }

  /** The placeholder of a value; the same one each time. */
  placeholderFor(kind: string, value: string): string {
    const known = this.#byValue.get(value);
    if (known !== undefined) return known;
    let number = this.#counts.get(kind) ?? 0;
    let placeholder: string;
    do {
      number += 1;
      placeholder = `[${kind}_${number}]`;
    } while (this.#reserved.has(placeholder));
    this.#counts.set(kind, number);
    this.#byValue.set(value, placeholder);
    this.#byPlaceholder.set(placeholder, value);
    return placeholder;
  }

  /** Undefined: it is none of ours. */
  valueOf(placeholder: string): string | undefined {
    return this.#byPlaceholder.get(placeholder);
  }

  /** Whether a text may go on to be a placeholder of ours. */
  mayBecome(text: string): boolean {
    for (const placeholder of this.#byPlaceholder.keys()) {
      if (placeholder.length > text.length && placeholder.startsWith(text)) return true;
    }
    return false;
  }
}
