import type http from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { GARBAGE } from '../fault.ts';
import type { StreamFaults, VendorError, VendorFault, VendorMessage } from './vendor-answer.ts';
import type { Asked, VendorApi } from './vendor-api.ts';
import { sendBody, settled, streamedBody } from './wire.ts';

/** One answer on its way. */
export class Exchange {
  readonly #api: VendorApi;
  readonly #outgoing: http.ServerResponse;
  readonly #gone = new AbortController();
  /** Resolves once the answer is complete or the connection is gone. */
  readonly closed: Promise<void>;
  #wasCut = false;
  #wasLeft = false;
  #writtenBytes = 0;

  constructor(api: VendorApi, outgoing: http.ServerResponse) {
    this.#api = api;
    this.#outgoing = outgoing;
    outgoing.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      outgoing.once('close', () => {
        // Later it would count as finished: what was left is ended all the same.
        this.#wasLeft = !outgoing.writableFinished && !this.#wasCut;
        this.#gone.abort();
        resolve();
      });
    });
  }

  /** Whether the other side ended the connection before the answer was complete. */
  get wasLeft(): boolean {
    return this.#wasLeft;
  }

  /** Bytes of the body that were written so far. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Waits, but no longer than the other side does. */
  async pause(ms: number): Promise<void> {
    const { signal } = this.#gone;
    if (signal.aborted) return;
    if (ms === Number.POSITIVE_INFINITY) await once(signal, 'abort');
    else await sleep(ms, undefined, { signal }).catch(() => undefined);
  }

  /** Status 200, and nothing that makes sense. */
  async garbage(framing: Asked['framing']): Promise<void> {
    this.#head(200, typeOf(framing));
    return this.#send([GARBAGE], {});
  }

  /** A good answer that is not streamed. */
  async json(body: object): Promise<void> {
    this.#head(200, JSON_TYPE);
    this.#outgoing.end(JSON.stringify(body));
  }

  /** An error in the vendor's shape. */
  async fail(fault: VendorFault): Promise<void> {
    const { headers, body } = this.#api.fault(fault);
    this.#head(fault.status, { ...JSON_TYPE, ...headers });
    this.#outgoing.end(JSON.stringify(body));
  }

  /** An error as it was scripted. */
  async failAsTold(error: VendorError['error'], asked: Asked): Promise<void> {
    if (error.inStream === true && asked.framing !== 'whole') {
      const frames = [this.#api.faultFrame(error, [])];
      this.#head(200, typeOf(asked.framing));
      const sending = { framing: asked.framing, frames, faults: {}, faultFrame: undefined };
      return this.#send(streamedBody(sending, this.#gone.signal), {});
    }
    if (error.body === undefined) return this.fail(error);
    const isPage = error.body === 'html';
    this.#head(error.status, { 'content-type': isPage ? 'text/html' : 'application/json' });
    this.#outgoing.end(isPage ? PAGE : '{"error": {"mess');
  }

  /** A model's answer, with its faults. */
  async say(message: VendorMessage, asked: Asked): Promise<void> {
    const faults = message.stream ?? {};
    const { signal } = this.#gone;
    const { framing } = asked;
    if (faults.firstByteAfter !== undefined) await settled(faults.firstByteAfter, signal);
    if (signal.aborted) return;
    if (framing === 'whole') {
      this.#head(200, JSON_TYPE);
      return this.#send([JSON.stringify(this.#api.whole(message, asked))], faults);
    }
    const frames = this.#api.frames(message, asked);
    const fault = faults.errorAfterFirst;
    const first = frames.findIndex(({ place }) => place === 'content');
    const faultFrame = fault && this.#api.faultFrame(fault, frames.slice(0, first + 1));
    this.#head(200, typeOf(framing));
    await this.#send(streamedBody({ framing, frames, faults, faultFrame }, signal), faults);
  }

  async #send(body: AsyncIterable<string> | Iterable<string>, faults: StreamFaults): Promise<void> {
    const count = (bytes: number): void => void (this.#writtenBytes += bytes);
    this.#wasCut = await sendBody(this.#outgoing, body, faults, count);
  }

  #head(status: number, headers: http.OutgoingHttpHeaders): void {
    this.#outgoing.writeHead(status, headers);
    this.#outgoing.flushHeaders();
  }
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const PAGE =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';

function typeOf(framing: Asked['framing']): http.OutgoingHttpHeaders {
  return framing === 'sse' ? { 'content-type': 'text/event-stream; charset=utf-8' } : JSON_TYPE;
}
