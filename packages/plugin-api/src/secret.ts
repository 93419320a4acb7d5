import { inspect } from 'node:util';

/** A value that never shows itself: printing, JSON and `util.inspect` all give `***`. */
export interface Secret {
  /** The value itself. Call it only where the value leaves for the vendor. */
  reveal(): string;
  /** @returns `***` */
  toString(): string;
  /** @returns `***` */
  toJSON(): string;
}

const MASK = '***';

/** Wraps a value so that it can't be printed by accident. */
export function secret(value: string): Secret {
  const wrapped = {
    reveal: () => value,
    toString: () => MASK,
    toJSON: () => MASK,
    [inspect.custom]: () => MASK,
  };
  return Object.freeze(wrapped);
}
