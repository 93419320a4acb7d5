import type { Account, AccountContext, AuthContext, Logger } from '@cliproxy/plugin-api';
import type { GatewayDoor } from './gateway-door.ts';

/** What the gateway has under way in this process, each with the signal that ends it. */
export class Works {
  readonly #door: GatewayDoor;
  readonly #logger: Logger;
  readonly #open = new Map<number, AbortController>();

  constructor(door: GatewayDoor, logger: Logger) {
    this.#door = door;
    this.#logger = logger;
  }

  /** Begins a work that the gateway ends. @param body - of its call. */
  begin(work: number, body?: Buffer): AuthContext {
    const controller = new AbortController();
    this.#open.set(work, controller);
    const { signal } = controller;
    return { signal, http: this.#door.http(work, signal, body), logger: this.#logger };
  }

  /** What a plugin sees of a work for an account. */
  forAccount(work: number, account: Account, body?: Buffer): AccountContext {
    return {
      account,
      ...this.begin(work, body),
      authorize: async (request) => this.#door.authorize(work, request),
    };
  }

  /** Runs a work that ends with its answer. */
  async run<T>(work: number, run: () => T | Promise<T>): Promise<Awaited<T>> {
    try {
      return await run();
    } finally {
      this.close(work);
    }
  }

  abort(work: number, reason: Error): void {
    this.#open.get(work)?.abort(reason);
  }

  close(work: number): void {
    this.#open.delete(work);
  }
}
