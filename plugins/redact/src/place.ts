/** A piece of a text, in characters (UTF-16); `end` is the first one after it. */
export interface Place {
  readonly start: number;
  readonly end: number;
}
