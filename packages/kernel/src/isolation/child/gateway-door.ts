import type { HttpClient, OutgoingRequest, WireReply } from '@cliproxy/plugin-api';
import { checkShape } from '../../http/http-door.ts';
import type { GatewayAsks, GatewayNews, ProcessAsks, ProcessNews, SentMark } from '../border.ts';
import { BorrowedBody } from '../channel/borrowed-body.ts';
import { markReply, markRequest, replyOf, requestOf } from '../channel/marks.ts';
import type { Peer } from '../channel/peer.ts';
import type { Streams } from '../channel/streams.ts';
import type { WorkBodies } from './work-bodies.ts';

/** The process's side of the border. */
export type GatewayPeer = Peer<GatewayAsks, GatewayNews, ProcessAsks, ProcessNews>;

/** A work, as far as its requests are concerned. */
export interface DoorWork {
  /** Its own signal, which the gateway knows itself. */
  readonly signal: AbortSignal;
  readonly bodies: WorkBodies;
  /** The call's body, which the gateway has. */
  readonly body?: Buffer;
}

/** The way from a plugin's process to the gateway, which makes every request for it. */
export class GatewayDoor {
  readonly #peer: GatewayPeer;
  readonly #streams: Streams;
  /** Bodies of requests that are under way, by the question. */
  readonly #bodies = new Map<number, Buffer | undefined>();
  /** Bodies that were given back, and that the plugin listens to. */
  readonly #returned = new Map<number, BorrowedBody>();

  constructor(peer: GatewayPeer, streams: Streams) {
    this.#peer = peer;
    this.#streams = streams;
  }

  /** What a work sees as `http`. @param own - absent: it is the plugin's, for as long as it lives. */
  http(work: number, own?: DoorWork): HttpClient {
    return Object.freeze<HttpClient>({
      request: async (request, signal) => this.#request(work, request, signal, own),
    });
  }

  /** Has the account's credentials put on a request. */
  async authorize(work: number, request: OutgoingRequest): Promise<OutgoingRequest> {
    const { method, url, headers, body } = request;
    const question = this.#peer.nextId;
    this.#bodies.set(question, body);
    try {
      const given = await this.#peer.ask('authorize', { work, request: { method, url, headers } });
      return requestOf(given, body);
    } finally {
      this.#bodies.delete(question);
    }
  }

  /** The body of a request that is under way. */
  bodyOf(question: number | undefined): Buffer | undefined {
    return question === undefined ? undefined : this.#bodies.get(question);
  }

  /** A reply of the plugin's on its way to the gateway. */
  sent(reply: WireReply): SentMark {
    const { body } = reply;
    if (!(body instanceof BorrowedBody && body.untouched)) {
      return { kind: 'lent', reply: markReply(reply, this.#streams.lendBody(body)) };
    }
    body.giveBack();
    const listens =
      body.listenerCount('end') > 0 ||
      body.listenerCount('close') > 0 ||
      // One of them is the body's own.
      body.listenerCount('error') > 1;
    if (listens) this.#returned.set(body.lentId, body);
    return { kind: 'returned', reply: markReply(reply, body.lentId), listens };
  }

  finished(lent: number, whole: boolean): void {
    this.#returned.get(lent)?.finished(whole);
    this.#returned.delete(lent);
  }

  async #request(
    work: number,
    request: OutgoingRequest,
    signal: AbortSignal,
    own: DoorWork | undefined,
  ): Promise<WireReply> {
    checkShape(request, signal);
    signal.throwIfAborted();
    const { value, bytes } = markRequest(request, own?.body);
    const question = this.#peer.nextId;
    this.#bodies.set(question, request.body);
    const isOwn = signal === own?.signal;
    const found: { body?: BorrowedBody } = {};
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const reason = signal.reason as Error;
        if (!isOwn) this.#peer.tell('cancel', { question });
        if (found.body === undefined) reject(reason);
        else if (!found.body.destroyed) found.body.destroy(reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#peer.ask('http', { work, request: value, own: isOwn }, bytes).then(
        ({ value: mark }) => {
          this.#bodies.delete(question);
          const body = this.#streams.borrowBody(mark.body, () => {
            signal.removeEventListener('abort', onAbort);
            own?.bodies.delete(body);
          });
          found.body = body;
          own?.bodies.add(body);
          if (signal.aborted) body.destroy();
          resolve(replyOf(mark, body));
        },
        (error: unknown) => {
          this.#bodies.delete(question);
          signal.removeEventListener('abort', onAbort);
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the gateway's own
          reject(error);
        },
      );
    });
  }
}
