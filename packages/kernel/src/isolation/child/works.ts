import type { Account, AccountContext, AuthContext, Logger } from '@cliproxy/plugin-api';
import type { GatewayDoor } from './gateway-door.ts';
import { WorkBodies } from './work-bodies.ts';

interface OpenWork {
  readonly controller: AbortController;
  readonly bodies: WorkBodies;
}

/** What the gateway has under way in this process, each with the signal that ends it. */
export class Works {
  readonly #door: GatewayDoor;
  readonly #logger: Logger;
  readonly #open = new Map<number, OpenWork>();

  constructor(door: GatewayDoor, logger: Logger) {
    this.#door = door;
    this.#logger = logger;
  }

  /** Begins a work that the gateway ends. @param body - of its call. */
  begin(work: number, body?: Buffer): AuthContext {
    const controller = new AbortController();
    const bodies = new WorkBodies();
    this.#open.set(work, { controller, bodies });
    const { signal } = controller;
    const http = this.#door.http(work, { signal, bodies, ...(body && { body }) });
    return { signal, http, logger: this.#logger };
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
    this.#open.get(work)?.controller.abort(reason);
  }

  /** Nothing of it is needed any more, on either side. */
  close(work: number): void {
    this.#open.get(work)?.bodies.close();
    this.#open.delete(work);
  }
}
