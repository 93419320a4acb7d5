import type { OutgoingRequest, WireReply } from '@cliproxy/plugin-api';
import type { PageStatus } from './relay-view.ts';

/** A connected page that calls can be given to, whichever version it speaks. */
export interface PageSession {
  readonly status: PageStatus;
  /** Whether the page answers; one that hangs is given no calls. */
  readonly responsive: boolean;
  /**
   * Lets the page ask. Resolves with the head of the answer.
   *
   * @throws GatewayError `UPSTREAM_UNREACHABLE` when the page can't answer. An aborted `signal`
   *   rejects, and tells the page to end.
   */
  ask(request: OutgoingRequest, signal: AbortSignal): Promise<WireReply>;
  /** Closes the connection; its calls fail. */
  close(code: number, reason: string): void;
  /** Gives the page no more calls, and closes once those under way are over. */
  retire(): void;
  /** Takes what the page says until the connection ends. */
  run(messages: AsyncIterable<Buffer | string>): Promise<void>;
}
