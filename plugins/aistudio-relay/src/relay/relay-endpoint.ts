import { randomUUID } from 'node:crypto';
import type { Socket, SocketEndpoint } from '@cliproxy/plugin-api';
import { credentialPrefixes, readPageMessageV2, SUBPROTOCOL_V2, writeV2 } from '../envelope/v2.ts';
import type { PageMessageV2 } from '../envelope/v2.ts';
import { admitPage } from './admit-page.ts';
import type { AdmittedPage } from './admit-page.ts';
import type { PageSession } from './page-session.ts';
import type { Pages } from './pages.ts';
import type { Bearer, RelayTokens } from './relay-tokens.ts';
import { SessionV1 } from './session-v1.ts';
import { CREDIT_BYTES, PING_MS, SessionV2 } from './session-v2.ts';

/** Where pages connect, on the gateway's port. */
export const RELAY_PATH = '/v1/ws';
/** How long a page may take to say hello. */
const HELLO_MS = 10_000;

/** What the endpoint works with. */
export interface RelayEndpointOptions {
  readonly origins: readonly string[];
  readonly maxMessageBytes: number;
  readonly tokens: RelayTokens;
  readonly pages: Pages;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Takes pages of both versions. */
export function relayEndpoint(options: RelayEndpointOptions): SocketEndpoint {
  const { origins, maxMessageBytes, tokens } = options;
  return {
    path: RELAY_PATH,
    origins,
    maxMessageBytes,
    holds: (grant) => tokens.holds(grant),
    async issueTicket() {
      const { ticket, expiresAtMs } = tokens.issueTicket();
      // As it is offered, so that the page sees what a person has entered.
      return { ticket: `${credentialPrefixes.ticket}${ticket}`, expiresAtMs };
    },
    async admit(head) {
      const page = admitPage(head, tokens);
      return {
        ...(page.version === 2 ? { protocol: SUBPROTOCOL_V2 } : {}),
        grant: page.bearer.grant,
        accept: (socket, signal) => accept(page, socket, signal, options),
      };
    },
  };
}

async function accept(
  page: AdmittedPage,
  socket: Socket,
  signal: AbortSignal,
  { pages, tokens, ...clock }: RelayEndpointOptions,
): Promise<void> {
  const now = (): number => clock.now();
  const read = socket.messages[Symbol.asyncIterator]();
  const messages = { [Symbol.asyncIterator]: () => read };
  let session: PageSession;
  if (page.version === 1) {
    session = new SessionV1(socket, page.clientId ?? randomUUID(), now);
  } else {
    const hello = await helloOf(read, socket);
    if (hello === undefined || !isBearer(hello, page.bearer)) {
      socket.close(1008, 'the first message is no hello of whom the credential was given to');
      return;
    }
    const { clientId, profile } = hello;
    const { token, expiresAtMs } = tokens.resumeFor(clientId, page.bearer);
    await socket.send(
      writeV2({
        type: 'welcome',
        version: 2,
        resume: token,
        resumeExpiresAtMs: expiresAtMs,
        creditBytes: CREDIT_BYTES,
        pingMs: PING_MS,
      }),
    );
    session = new SessionV2(socket, { clientId, ...(profile && { profile }) }, now);
  }
  const retire = (): void => session.retire();
  if (signal.aborted) retire();
  signal.addEventListener('abort', retire, { once: true });
  await pages.serve(session, page.bearer, messages);
}

async function helloOf(
  read: AsyncIterator<Buffer | string>,
  socket: Socket,
): Promise<Extract<PageMessageV2, { type: 'hello' }> | undefined> {
  const timer = setTimeout(() => socket.close(1008, 'no hello came'), HELLO_MS);
  const first = await read.next().finally(() => clearTimeout(timer));
  if (first.done === true || typeof first.value !== 'string') return undefined;
  const message = readPageMessageV2(first.value);
  return message?.type === 'hello' ? message : undefined;
}

/** A credential of one page, or of one profile, serves no other. */
function isBearer(
  { clientId, profile }: Extract<PageMessageV2, { type: 'hello' }>,
  bearer: Bearer,
): boolean {
  const samePage = bearer.clientId === undefined || bearer.clientId === clientId;
  return samePage && bearer.profile === profile;
}
