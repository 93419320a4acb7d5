import type { Credential } from '@cliproxy/plugin-api';
import type { SecretRegistry } from '../ports/secret-registry.ts';

/** Shorter ones would take ordinary words out of sentences. */
const SHORTEST_MASKED = 8;

/**
 * The one place where an account's credential is held while the gateway runs. What is to survive a
 * restart is kept by a `KeptLogin`, too.
 */
export class HeldCredential {
  readonly #secrets: SecretRegistry;
  #value: Credential;
  #generation = 0;
  #renewal: Promise<boolean> | undefined;

  /** @param secrets - learns every secret, so that none is printed. */
  constructor(value: Credential, secrets: SecretRegistry) {
    this.#secrets = secrets;
    this.#value = value;
    this.#register(value);
  }

  get value(): Credential {
    return this.#value;
  }

  /** A text without what the credential holds. */
  masked(text: string): string {
    let masked = text;
    // The longest first: one may be a part of another.
    for (const value of [...valuesOf(this.#value)].sort((a, b) => b.length - a.length)) {
      if (value.length >= SHORTEST_MASKED) masked = masked.replaceAll(value, '***');
    }
    return masked;
  }

  /** Counts the renewals. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Renews the credential; callers at the same time share one renewal.
   *
   * @param generation - the one that did not serve; a credential renewed since is not renewed again.
   * @param obtain - gets the next credential; its failure leaves the present one in place.
   * @returns whether a newer credential than `generation` is held now.
   */
  async renew(
    generation: number,
    obtain: (former: Credential) => Promise<Credential | undefined>,
  ): Promise<boolean> {
    if (generation < this.#generation) return true;
    this.#renewal ??= this.#obtain(obtain).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  /** Resolves once no renewal is under way. */
  async settled(): Promise<void> {
    await this.#renewal?.catch(() => undefined);
  }

  async #obtain(obtain: (former: Credential) => Promise<Credential | undefined>): Promise<boolean> {
    const next = await obtain(this.#value);
    if (next === undefined) return false;
    this.#register(next);
    this.#value = next;
    this.#generation += 1;
    return true;
  }

  #register(credential: Credential): void {
    for (const value of valuesOf(credential)) if (value !== '') this.#secrets.add(value);
  }
}

function valuesOf({ secrets, session = {} }: Credential): readonly string[] {
  return [...Object.values(secrets), ...Object.values(session)].map((secret) => secret.reveal());
}

/** Whether a plugin's value is a credential as the contract has it. */
export function isCredential(value: unknown): value is Credential {
  if (typeof value !== 'object' || value === null) return false;
  const { secrets, session, facts, expiresAtMs } = value as Record<string, unknown>;
  return (
    isSecrets(secrets) &&
    (session === undefined || isSecrets(session)) &&
    (facts === undefined || isRecord(facts)) &&
    (expiresAtMs === undefined || Number.isFinite(expiresAtMs))
  );
}

function isSecrets(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(isSecret);
}

function isSecret(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('reveal' in value)) return false;
  return (
    typeof value.reveal === 'function' && typeof (value.reveal as () => unknown)() === 'string'
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
