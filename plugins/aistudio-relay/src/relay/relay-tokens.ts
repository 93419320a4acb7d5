import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const RESUME_MS = 7 * 24 * 3_600_000;
const SERVICE_TICKET_MS = 2 * 60_000;
const PERSON_TICKET_MS = 10 * 60_000;
const MAX_TICKETS = 1000;

/** Who a token or ticket speaks for. */
export interface Bearer {
  /** The digest of the relay token that it rests on. */
  readonly grant: string;
  /** The page that it was given to; absent: any. */
  readonly clientId?: string;
  /** The profile that it was given for. */
  readonly profile?: string;
}

/** A token to connect again with. */
export interface ResumeToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

/** A ticket, for who hands it on. Times are milliseconds since 1970. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly expiresAtMs: number;
}

interface KnownToken {
  readonly grant: string;
  readonly digest: Buffer;
  /** Signs the resume tokens that rest on it. */
  readonly key: Buffer;
}

/** Knows what pages may show: relay tokens, tickets, and tokens to connect again with. */
export class RelayTokens {
  readonly #tokens: readonly KnownToken[];
  /** What tickets rest on: the first relay token, or a key of this life alone. */
  readonly #first: KnownToken;
  readonly #tickets = new Map<
    string,
    { readonly profile?: string; readonly expiresAtMs: number }
  >();
  readonly #now: () => number;

  /** @param now - milliseconds since 1970. */
  constructor(relayTokens: readonly string[], now: () => number) {
    this.#now = now;
    this.#tokens = relayTokens.map(knownToken);
    this.#first = this.#tokens[0] ?? knownToken(randomBytes(32).toString('base64url'));
  }

  /** Whether any relay token is configured. */
  get any(): boolean {
    return this.#tokens.length > 0;
  }

  /** The relay token's bearer; every token is compared, so that the time tells nothing. */
  token(shown: string): Bearer | undefined {
    const digest = sha256(shown);
    let found: Bearer | undefined;
    for (const { digest: right, grant } of this.#tokens) {
      if (timingSafeEqual(digest, right)) found = { grant };
    }
    return found;
  }

  /**
   * Makes a ticket that one page can connect with, once.
   *
   * @param profile - the profile that the gateway's own page is to run in; absent: a person hands it
   *   on, and has more time.
   */
  issueTicket(profile?: string): IssuedTicket {
    const ticket = randomBytes(24).toString('base64url');
    const lifeMs = profile === undefined ? PERSON_TICKET_MS : SERVICE_TICKET_MS;
    for (const [key, { expiresAtMs }] of this.#tickets) {
      if (expiresAtMs > this.#now() && this.#tickets.size < MAX_TICKETS) break;
      this.#tickets.delete(key);
    }
    const expiresAtMs = this.#now() + lifeMs;
    this.#tickets.set(sha256(ticket).toString('base64'), {
      ...(profile === undefined ? {} : { profile }),
      expiresAtMs,
    });
    return { ticket, expiresAtMs };
  }

  /** Takes a ticket: it counts once. */
  ticket(shown: string): Bearer | undefined {
    const key = sha256(shown).toString('base64');
    const found = this.#tickets.get(key);
    this.#tickets.delete(key);
    if (found === undefined || found.expiresAtMs <= this.#now()) return undefined;
    const { grant } = this.#first;
    return found.profile === undefined ? { grant } : { grant, profile: found.profile };
  }

  /** What a page shows when it connects again: needs no memory, and ends with the relay token. */
  resumeFor(clientId: string, { grant, profile = '' }: Bearer): ResumeToken {
    const { key } = this.#tokens.find((one) => one.grant === grant) ?? this.#first;
    const expiresAtSec = Math.floor((this.#now() + RESUME_MS) / 1000);
    const claims = `${clientId}.${expiresAtSec}.${profile}`;
    return { token: `${claims}.${signature(key, claims)}`, expiresAtMs: expiresAtSec * 1000 };
  }

  resume(shown: string): Bearer | undefined {
    const end = shown.lastIndexOf('.');
    const claims = shown.slice(0, end);
    const read = /^([\w-]{8,64})\.(\d{1,12})\.([\w.-]{0,64})$/.exec(claims);
    if (end < 0 || read === null) return undefined;
    const [, clientId = '', expiresAtSec = '', profile = ''] = read;
    const given = sha256(shown.slice(end + 1));
    const known = [...this.#tokens, this.#first].find(({ key }) =>
      timingSafeEqual(sha256(signature(key, claims)), given),
    );
    if (known === undefined || Number(expiresAtSec) * 1000 <= this.#now()) return undefined;
    return { grant: known.grant, clientId, ...(profile === '' ? {} : { profile }) };
  }

  /** Whether what a grant rests on is still configured. */
  holds(grant: string): boolean {
    return this.#tokens.some((one) => one.grant === grant);
  }
}

/** What pages that a relay token let in rest on. */
export function grantOf(relayToken: string): string {
  return sha256(relayToken).toString('base64url').slice(0, 22);
}

function knownToken(token: string): KnownToken {
  const key = createHmac('sha256', token).update('cliproxy relay resume').digest();
  return { digest: sha256(token), key, grant: grantOf(token) };
}

function signature(key: Buffer, claims: string): string {
  return createHmac('sha256', key).update(claims).digest('base64url');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
