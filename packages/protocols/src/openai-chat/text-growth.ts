/** So much of a text's beginning is kept to compare with; an endless text must not fill the memory. */
const MAX_KEPT_CHARS = 65_536;

/**
 * Turns one kind of text, as a server sends it, into pieces that only add.
 *
 * Most servers send pieces. Some send everything so far in each chunk. That is taken for granted
 * only where it is evident: the server writes whole messages (`message` instead of `delta`), or
 * each of the first three texts is longer than the one before it and begins with it. The second
 * such text is held until the third decides; an answer of pieces is held for one chunk at most, and
 * only if its second piece repeats the whole first.
 */
export class TextGrowth {
  #mode: 'unknown' | 'pieces' | 'snapshots' = 'unknown';
  /** How the text so far begins. */
  #begin = '';
  #seenChars = 0;
  #held = '';

  /** Takes the text of one chunk and gives what it adds. */
  push(text: string, isWholeMessage: boolean): string {
    if (text === '') return '';
    const released = isWholeMessage ? this.flush() : '';
    const added = isWholeMessage ? this.#beyondSeen(text) : this.#read(text);
    this.#note(added);
    return released + added;
  }

  /** Gives what was held: nothing else can decide what it is. */
  flush(): string {
    const held = this.#held;
    if (held === '') return '';
    this.#held = '';
    this.#mode = 'pieces';
    this.#note(held);
    return held;
  }

  #note(added: string): void {
    this.#seenChars += added.length;
    const room = MAX_KEPT_CHARS - this.#begin.length;
    if (room > 0) this.#begin += added.slice(0, room);
  }

  #read(text: string): string {
    switch (this.#mode) {
      case 'pieces':
        return text;
      case 'snapshots':
        // A snapshot that changes what was sent can't be mended; its tail is the best there is.
        return text.slice(this.#seenChars);
      case 'unknown':
        return this.#decide(text);
    }
  }

  #decide(text: string): string {
    if (this.#seenChars === 0) return text;
    if (this.#held === '') {
      if (grows(this.#begin, text)) {
        this.#held = text;
        return '';
      }
      this.#mode = 'pieces';
      return text;
    }
    if (grows(this.#held, text)) {
      this.#held = '';
      this.#mode = 'snapshots';
      return text.slice(this.#seenChars);
    }
    const held = this.#held;
    this.#held = '';
    this.#mode = 'pieces';
    return held + text;
  }

  #beyondSeen(text: string): string {
    const isSame =
      text.length < this.#begin.length
        ? this.#begin.startsWith(text)
        : text.startsWith(this.#begin);
    // What is no longer than what was seen adds nothing.
    return isSame ? text.slice(this.#seenChars) : text;
  }
}

/** Rows of dashes or digits grow by chance; words don't. */
function grows(before: string, text: string): boolean {
  return text.length > before.length && text.startsWith(before) && /\p{L}/u.test(before);
}
