import { Readable } from 'node:stream';
import type { HeaderMap, WireReply } from '@cliproxy/plugin-api';
import type { Dispatcher } from 'undici';
import { decodedBody } from './decoded-body.ts';
import { upstreamFault } from './upstream-fault.ts';

const BODY_BUFFER_BYTES = 64 * 1024;
const nothing = (): void => undefined;

/** One request on its way through an undici pool, and its answer. */
export class UpstreamExchange implements Dispatcher.DispatchHandler {
  readonly reply: Promise<WireReply>;
  readonly #origin: string;
  readonly #signal: AbortSignal;
  #resolve: (reply: WireReply) => void = nothing;
  #reject: (reason: unknown) => void = nothing;
  #controller: Dispatcher.DispatchController | undefined;
  /** A connection was made, and the request is on it. */
  #connected = false;
  /** Noted here: on Node 20 each signal has a hidden class of its own, and asking it is slow. */
  #aborted = false;
  #body: UpstreamBody | undefined;

  constructor(origin: string, signal: AbortSignal) {
    this.#origin = origin;
    this.#signal = signal;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#connected = true;
    // Aborted while it waited for a connection: nothing has been sent yet, and nothing will be.
    if (this.#aborted) controller.abort(reasonOf(this.#signal));
    else this.#controller = controller;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    const body = new UpstreamBody(controller);
    this.#body = body;
    try {
      const encoding = headers['content-encoding'];
      const encoded = encoding !== undefined && encoding !== 'identity' && hasBody(status, headers);
      this.#resolve({
        status,
        headers: replyHeaders(headers, encoded),
        body: encoded ? decodedBody(body, String(encoding), this.#origin) : body,
      });
    } catch (error) {
      this.#reject(error);
      body.destroy();
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    this.#leave();
    this.#body?.finish();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#leave();
    const told = this.#aborted
      ? reasonOf(this.#signal)
      : upstreamFault(error, this.#origin, this.#connected);
    this.#reject(told);
    this.#body?.fail(told);
  }

  readonly #onAbort = (): void => {
    this.#aborted = true;
    const reason = reasonOf(this.#signal);
    this.#reject(reason);
    if (this.#body !== undefined) this.#body.destroy(reason);
    else this.#controller?.abort(reason);
  };

  #leave(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

/** An upstream's body: reads no faster than its reader, and ends the connection when that leaves. */
class UpstreamBody extends Readable {
  readonly #controller: Dispatcher.DispatchController;
  #over = false;
  #fault: Error | undefined;

  constructor(controller: Dispatcher.DispatchController) {
    super({ highWaterMark: BODY_BUFFER_BYTES });
    this.#controller = controller;
    // A body that nobody reads any more must not end the process when its connection breaks.
    this.on('error', nothing);
  }

  override _read(): void {
    this.#controller.resume();
  }

  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    super.on(event, listener as (...args: unknown[]) => void);
    if (event === 'readable') this.#tellFault();
    return this;
  }

  /** Also called by the first `data` listener and by pipes. */
  override resume(): this {
    super.resume();
    this.#tellFault();
    return this;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#over) {
      this.#over = true;
      this.#controller.abort(error ?? new Error('the reader left'));
    }
    done(error);
  }

  finish(): void {
    this.#over = true;
    this.push(null);
  }

  /**
   * An error that comes before the first reader waits for it: whoever gets the reply has had no
   * chance to listen yet.
   */
  fail(error: Error): void {
    this.#over = true;
    this.#fault = error;
    if (this.readableFlowing !== null) this.#tellFault();
  }

  #tellFault(): void {
    if (this.#fault !== undefined) this.destroy(this.#fault);
  }
}

/** Headers that belong to one connection, or to bytes that have been decoded. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function replyHeaders(
  headers: Record<string, string | string[] | undefined>,
  decoded: boolean,
): HeaderMap {
  const kept: Record<string, string | readonly string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    if (decoded && (name === 'content-encoding' || name === 'content-length')) continue;
    kept[name] = value;
  }
  return kept;
}

function hasBody(status: number, headers: Record<string, string | string[] | undefined>): boolean {
  return status !== 204 && status !== 304 && headers['content-length'] !== '0';
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason as Error;
}
