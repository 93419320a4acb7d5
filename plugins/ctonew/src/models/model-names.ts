import type { AccountContext, CallContext, ModelInfo } from '@cliproxy/plugin-api';
import type { CtonewMode, CtonewService } from '../config.ts';
import { listUpstreamIds } from './list-models.ts';
import { namedModels, spellings } from './slug.ts';

/** The web page's chat takes one text, and gives text and thoughts back. */
const WEB: Partial<ModelInfo> = {
  lacks: ['tools', 'images', 'json-schema'],
  refuses: ['temperature', 'top_p', 'stop', 'max_tokens', 'reasoning'],
};
const TRAITS: Readonly<Record<CtonewMode, Partial<ModelInfo>>> = { cli: {}, web: WEB };

interface Names {
  readonly upstreamIds: ReadonlySet<string>;
  /** By the clients' name. */
  readonly byName: ReadonlyMap<string, string>;
}

/** Knows each account's models by the clients' names and by the upstream's. */
export class ModelNames {
  readonly #service: CtonewService;
  /** By the account's id. */
  readonly #known = new Map<string, Names>();

  constructor(service: CtonewService) {
    this.#service = service;
  }

  /** @throws GatewayError `UPSTREAM_*` where the upstream gives no list, and none is configured. */
  async list(context: Pick<AccountContext, 'account' | 'http' | 'signal'>): Promise<ModelInfo[]> {
    const upstreamIds = await listUpstreamIds(this.#service, context);
    const named = namedModels(upstreamIds);
    this.#known.set(context.account.id, {
      upstreamIds: new Set(upstreamIds),
      byName: new Map(named.map(({ name, upstreamId }) => [name, upstreamId])),
    });
    const traits = TRAITS[this.#service.mode];
    return named.map(({ name, upstreamId }) => ({ id: name, upstreamId, ...traits }));
  }

  /**
   * The upstream's name for what is asked for. Asks for the list where there is none yet, so that
   * the first request after the start is served as well.
   *
   * @returns undefined where no model of that name is listed.
   */
  async upstreamId(call: CallContext): Promise<string | undefined> {
    const names = this.#known.get(call.account.id) ?? (await this.#ask(call));
    if (names?.upstreamIds.has(call.model) === true) return call.model;
    return spellings(call.model)
      .map((name) => names?.byName.get(name))
      .find((id) => id !== undefined);
  }

  async #ask(call: CallContext): Promise<Names | undefined> {
    await this.list(call);
    return this.#known.get(call.account.id);
  }
}
