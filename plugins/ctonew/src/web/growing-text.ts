/**
 * What is new in each message about one text. cto.new tells some texts piece by piece and others as
 * all that there is so far: the second message that differs from the first tells which it is.
 */
export class GrowingText {
  #last = '';
  #told: 'whole' | 'pieces' | undefined;
  /** Messages equal to the first: nothing new, or the same piece again. */
  #repeats = 0;

  /** @returns what follows the text so far. */
  push(content: string): string {
    const last = this.#last;
    if (last === '') {
      this.#last = content;
      return content;
    }
    if (this.#told === undefined) {
      if (content === last) {
        this.#repeats += 1;
        return '';
      }
      this.#told = content.startsWith(last) ? 'whole' : 'pieces';
      if (this.#told === 'pieces') return last.repeat(this.#repeats) + content;
    }
    if (this.#told === 'pieces') return content;
    this.#last = content;
    // Otherwise another message has begun, told whole as well.
    return content.startsWith(last) ? content.slice(last.length) : content;
  }
}
