import type { ProcessOrder } from '../start-process.ts';

/** How many descriptors a process has beside its standard input: 1, 2 and 3. */
export const DESCRIPTORS = 3;

/** What the gateway tells its launcher, over Node's own channel. */
export type LauncherAsk =
  /** One of a process's descriptors, which comes with it; in their order. */
  | { readonly type: 'descriptor'; readonly id: number }
  /** All of its descriptors have come: start it. */
  | { readonly type: 'launch'; readonly id: number; readonly order: ProcessOrder };

/** What the launcher tells the gateway of a process. */
export type LauncherNews =
  | { readonly type: 'started'; readonly id: number; readonly pid: number }
  /** It could not be started. `code`: the system's. */
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly code?: string | undefined;
      readonly message: string;
    }
  | {
      readonly type: 'ended';
      readonly id: number;
      readonly code: number | null;
      readonly signal: string | null;
    };
