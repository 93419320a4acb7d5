import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import type { HeaderMap } from '@cliproxy/plugin-api';

/** How a stream ended that was opened. */
export interface StreamEnd {
  readonly code: number;
}

/** Why a stream could not be opened. */
export type OpenFault =
  /** The server answered with a status in the place of a stream. */
  | { readonly status: number; readonly retryAfter: string | undefined }
  /** No connection. */
  | { readonly error: Error };

/** So many messages wait to be read before the sender has to wait. */
const HIGH_WATER = 64;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/**
 * The messages of a WebSocket, one by one. From the start on none is lost; a reader that is slow
 * makes the sender wait. Aborting ends it at once.
 */
export class MessageStream {
  /** Resolves once it is open, with why it is not where that failed; rejects on abort. */
  readonly opened: Promise<OpenFault | undefined>;
  readonly #socket: WebSocket;
  readonly #signal: AbortSignal;
  readonly #waiting: string[] = [];
  #end: StreamEnd | undefined;
  #wake: (() => void) | undefined;
  readonly #onAbort = (): void => {
    this.close();
    this.#wake?.();
  };

  constructor(url: string, headers: HeaderMap, signal: AbortSignal) {
    this.#signal = signal;
    this.#socket = new WebSocket(url, {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, String(value)]),
      ),
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.opened = this.#opening();
    this.#socket.on('message', (data, binary) => {
      if (!binary) this.#take(data);
    });
    this.#socket.once('close', (code) => {
      this.#end ??= { code };
      this.#wake?.();
    });
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The next message; how it ended, where there are no more. Rejects on abort. */
  async next(): Promise<string | StreamEnd> {
    for (;;) {
      this.#signal.throwIfAborted();
      const message = this.#waiting.shift();
      if (message !== undefined) {
        if (this.#waiting.length < HIGH_WATER / 2) this.#socket.resume();
        return message;
      }
      if (this.#end !== undefined) return this.#end;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Says something back. */
  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** Ends the connection. Closing twice is no error. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#socket.terminate();
  }

  #take(data: RawData): void {
    this.#waiting.push((data as Buffer).toString());
    if (this.#waiting.length >= HIGH_WATER) this.#socket.pause();
    this.#wake?.();
  }

  #opening(): Promise<OpenFault | undefined> {
    return new Promise((resolve, reject) => {
      this.#socket.once('open', () => resolve(undefined));
      this.#socket.on('error', (error) => {
        this.#end ??= { code: 1006 };
        resolve({ error });
      });
      this.#socket.once('unexpected-response', (request, { statusCode = 0, headers }) => {
        resolve({ status: statusCode, retryAfter: headers['retry-after'] });
        request.destroy();
      });
      this.#signal.addEventListener('abort', () => reject(this.#signal.reason as Error), {
        once: true,
      });
    });
  }
}
