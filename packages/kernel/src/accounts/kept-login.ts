import { isGatewayError } from '@cliproxy/plugin-api';
import type { Credential, Logger } from '@cliproxy/plugin-api';
import type { Clock } from '../ports/clock.ts';
import type { CredentialStore, StoredAccount } from '../ports/credential-store.ts';
import { sentenceOf } from './account-work.ts';
import { verdictOf } from './renewal-verdict.ts';

/** What a {@link KeptLogin} works with. */
export interface KeptLoginOptions {
  readonly store: CredentialStore;
  /** The account as it was read last. */
  readonly account: StoredAccount;
  /** Why it needs a login from the start. */
  readonly needsLogin?: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** After a renewal that certainly changed nothing. */
const PAUSE_MS = 30_000;
/** After one whose outcome is unknown: at most one request a minute. */
const UNKNOWN_PAUSE_MS = 60_000;
/** How long a vendor may hold a login's renewal. */
const SHORTEST_HOLD_MS = 5_000;
const LONGEST_HOLD_MS = 300_000;

const UNFINISHED =
  'a renewal of its login has not come to a known end, and the vendor may have taken the former token back';

/**
 * An account's login as the store keeps it. Renews it so that none is lost: one at a time across
 * processes, begun by a mark on disk, and what the vendor gave is on disk before it is used.
 *
 * A renewal whose outcome is unknown is tried once more, after a minute and after the account was
 * read again: what might be lost by that is lost already. Then, and after a restart, the account
 * needs a login. Its record is never deleted here.
 *
 * A renewal that uses nothing up needs no mark, and writes only what the vendor has replaced: its
 * outcome is never unknown, since it may be asked for again.
 */
export class KeptLogin {
  readonly #options: KeptLoginOptions;
  #account: StoredAccount;
  #needsLogin: string | undefined;
  #notBefore = -Infinity;
  /** The mark of a renewal of our own whose outcome is unknown. */
  #unfinishedSinceMs: number | undefined;
  /** What the vendor gave and the disk did not take. */
  #unsaved: Omit<StoredAccount, 'generation'> | undefined;

  constructor(options: KeptLoginOptions) {
    this.#options = options;
    this.#account = options.account;
    const isUnfinished = options.account.renewingSinceMs !== undefined;
    this.#needsLogin = options.needsLogin ?? (isUnfinished ? UNFINISHED : undefined);
  }

  /** Why a person has to log in again; undefined: nobody has to. */
  get needsLogin(): string | undefined {
    return this.#needsLogin;
  }

  /**
   * Renews the login, or takes what somebody else has renewed.
   *
   * @param former - what is held now; its short-lived tokens are not kept on disk.
   * @param ask - asks the vendor, once; what it throws says what became of the former credential.
   * @param spends - whether asking may use a credential up.
   * @returns undefined where there is no newer one: why stands in the log.
   */
  async renew(
    former: Credential,
    ask: (former: Credential) => Promise<Credential>,
    spends: (former: Credential) => boolean | Promise<boolean> = () => true,
  ): Promise<Credential | undefined> {
    const { store, clock } = this.#options;
    if (clock.monotonic() < this.#notBefore) return undefined;
    try {
      return await store.withLock(this.#account.id, () => this.#renewAlone(former, ask, spends));
    } catch (error) {
      // The store: what is held goes on to serve as long as it does.
      this.#pause(PAUSE_MS);
      this.#warn('could not renew its login', error);
      return undefined;
    }
  }

  async #renewAlone(
    held: Credential,
    ask: (former: Credential) => Promise<Credential>,
    spends: (former: Credential) => boolean | Promise<boolean>,
  ): Promise<Credential | undefined> {
    const { store, clock } = this.#options;
    const { id } = this.#account;
    let kept = await store.get(id);
    if (kept === undefined) {
      this.#end('it was logged out, or its file can not be read');
      return undefined;
    }
    let former = held;
    if (this.#unsaved !== undefined && kept.generation === this.#account.generation) {
      // Nothing is rotated again before what came last is safe.
      kept = await store.put(this.#unsaved, kept.generation);
    } else if (!sameSecrets(kept.credential, this.#account.credential)) {
      this.#unfinishedSinceMs = undefined;
      former = kept.credential;
    }
    const renewed = former !== held && kept.renewingSinceMs === undefined;
    this.#unsaved = undefined;
    this.#account = kept;
    const { renewingSinceMs } = kept;
    if (renewed) {
      this.#needsLogin = undefined;
      if ((former.expiresAtMs ?? Infinity) > clock.now()) return former;
    }
    if (renewingSinceMs !== undefined && renewingSinceMs !== this.#unfinishedSinceMs) {
      this.#end(this.#needsLogin ?? UNFINISHED);
      return undefined;
    }
    const again = renewingSinceMs !== undefined;
    if (!again && (await spends(former))) {
      this.#account = await store.put({ ...kept, renewingSinceMs: clock.now() }, kept.generation);
    }
    let next: Credential;
    try {
      next = await ask(former);
    } catch (error) {
      await this.#failed(error, again);
      return undefined;
    }
    await this.#keep(next);
    return next;
  }

  /** The vendor has given it, so it is held in any case; without the disk, the mark stays there. */
  async #keep(next: Credential): Promise<void> {
    const { store, clock } = this.#options;
    const { id, authenticator, label, generation, renewingSinceMs } = this.#account;
    this.#unfinishedSinceMs = undefined;
    const credential = forKeeping(next, clock.now());
    if (renewingSinceMs === undefined && isKept(next, this.#account.credential)) {
      this.#needsLogin = undefined;
      return;
    }
    const account = { id, authenticator, label, credential };
    try {
      this.#account = await store.put(account, generation);
    } catch (error) {
      this.#unsaved = account;
      this.#options.logger.error(
        `account ${label} has a new token that can't be kept: if the gateway ended now, it would need a login; ${sentenceOf(error)}`,
        { account: id, error },
      );
    }
    this.#needsLogin = undefined;
  }

  async #failed(error: unknown, again: boolean): Promise<void> {
    this.#warn('could not renew its login', error);
    switch (verdictOf(error)) {
      case 'ended':
        this.#end(sentenceOf(error));
        break;
      case 'unknown':
        if (again) {
          this.#end(UNFINISHED);
          break;
        }
        // Undefined where nothing was used up, and so nothing was marked.
        this.#unfinishedSinceMs = this.#account.renewingSinceMs;
        this.#pause(UNKNOWN_PAUSE_MS);
        break;
      case 'untouched': {
        const resetAtMs = isGatewayError(error) ? error.failure?.resetAtMs : undefined;
        const heldMs = resetAtMs === undefined ? PAUSE_MS : resetAtMs - this.#options.clock.now();
        this.#pause(Math.min(LONGEST_HOLD_MS, Math.max(SHORTEST_HOLD_MS, heldMs)));
        const { id, authenticator, label, credential, generation } = this.#account;
        // What was unknown before is not known by that; and without a mark there is none to take off.
        if (again || this.#account.renewingSinceMs === undefined) break;
        const account = { id, authenticator, label, credential };
        this.#account = await this.#options.store.put(account, generation);
        break;
      }
    }
  }

  #end(reason: string): void {
    this.#unfinishedSinceMs = undefined;
    this.#pause(UNKNOWN_PAUSE_MS);
    this.#needsLogin = reason;
  }

  #pause(ms: number): void {
    this.#notBefore = this.#options.clock.monotonic() + ms;
  }

  #warn(what: string, error: unknown): void {
    const { id, label } = this.#account;
    this.#options.logger.warn(`account ${label} ${what}`, { account: id, error });
  }
}

/**
 * A credential without its short-lived tokens. Where it has such, what is kept is of no use until it
 * is renewed: it counts as ended at once.
 */
export function forKeeping(credential: Credential, nowMs: number): StoredAccount['credential'] {
  const { secrets, session, facts, expiresAtMs } = credential;
  const endsMs = session === undefined ? expiresAtMs : Math.min(nowMs, expiresAtMs ?? nowMs);
  return {
    secrets,
    ...(facts === undefined ? {} : { facts }),
    ...(endsMs === undefined ? {} : { expiresAtMs: endsMs }),
  };
}

/** Whether nothing of it is to be written: a short-lived token and its end are not kept. */
function isKept(next: Credential, kept: StoredAccount['credential']): boolean {
  if (next.session === undefined && next.expiresAtMs !== kept.expiresAtMs) return false;
  const [facts = {}, former = {}] = [next.facts, kept.facts];
  const names = Object.keys(facts);
  return (
    sameSecrets(next, kept) &&
    names.length === Object.keys(former).length &&
    names.every((name) => facts[name] === former[name])
  );
}

function sameSecrets(
  one: StoredAccount['credential'],
  other: StoredAccount['credential'],
): boolean {
  const names = Object.keys(one.secrets);
  return (
    names.length === Object.keys(other.secrets).length &&
    names.every((name) => one.secrets[name]?.reveal() === other.secrets[name]?.reveal())
  );
}
