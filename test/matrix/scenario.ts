import type { Cell } from './cell.ts';
import type { Pair } from './pair.ts';

/** What is tried in every pair. */
export interface Scenario {
  /** Row of the table. */
  readonly name: string;
  /** Why a pair can't be tried; undefined: it can. */
  readonly cannot?: (pair: Pair) => string | undefined;
  /** Throws what is wrong. Returns what the reader of the table must know of a cell that is right. */
  run(cell: Cell): Promise<string | undefined>;
}
