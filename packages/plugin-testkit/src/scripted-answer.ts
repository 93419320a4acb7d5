import type http from 'node:http';

/** A piece of an answer: bytes, a pause, or what is written again and again until the end. */
export type AnswerStep =
  string | Buffer | { readonly pauseMs: number } | { readonly endless: string | Buffer };

/** What to answer. */
export interface ScriptedAnswer {
  /** Pause before the status line is sent, in milliseconds. `Infinity`: nothing is ever sent. */
  readonly headAfterMs?: number;
  /** Default 200. */
  readonly status?: number;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Sent piece by piece, waiting for a slow reader. */
  readonly body?: AnswerStep | readonly AnswerStep[];
  /**
   * What follows the body: `end` (default) completes the answer, `reset` breaks the connection in
   * the middle of it, `cut` does so once what was written has been sent, `hang` leaves it open until
   * the other side goes.
   */
  readonly finally?: 'end' | 'reset' | 'cut' | 'hang';
}
