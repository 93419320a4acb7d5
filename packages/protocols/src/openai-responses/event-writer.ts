/** Writes server-sent events with rising numbers. */
export class EventWriter {
  #next: number;

  /** @param first - the first event's number. */
  constructor(first = 0) {
    this.#next = first;
  }

  /**
   * One event.
   *
   * @param members - the rest of its data: JSON without braces.
   */
  event(type: string, members: string): string {
    return this.prepared(eventHead(type), members);
  }

  /** One event, of a kind of which there are many. */
  prepared(head: string, members: string): string {
    return `${head}${this.#next++},${members}}\n\n`;
  }
}

/** What stands before an event's number. */
export function eventHead(type: string): string {
  return `event: ${type}\ndata: {"type":"${type}","sequence_number":`;
}
