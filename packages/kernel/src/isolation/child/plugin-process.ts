import type { Duplex } from 'node:stream';
import { GatewayError, services } from '@cliproxy/plugin-api';
import type {
  AccountContext,
  AccountRegistry,
  Authenticator,
  CallContext,
  Credential,
  EventExecutor,
  Logger,
  WireExecutor,
} from '@cliproxy/plugin-api';
import { isIterable } from '../../dispatch/relay-events.ts';
import { checkedReply } from '../../dispatch/wire-reply.ts';
import { readContributions } from '../../plugins/contributions.ts';
import type { CheckedContributions } from '../../plugins/contributions.ts';
import { Disposer } from '../../plugins/disposer.ts';
import { PluginImporter } from '../../plugins/import-plugin.ts';
import type { LoadedPlugin } from '../../plugins/import-plugin.ts';
import { deepFreeze } from '../../plugins/plain-json.ts';
import type {
  CallWork,
  Described,
  GatewayAsks,
  GatewayNews,
  ProcessAsks,
  ProcessNews,
  RequestMark,
  SentMark,
} from '../border.ts';
import { markRequest, requestOf } from '../channel/marks.ts';
import { Peer } from '../channel/peer.ts';
import type { Parcel, Service } from '../channel/peer.ts';
import { fromPlain, toPlain } from '../channel/plain-value.ts';
import { Streams } from '../channel/streams.ts';
import { errorFromWire } from '../channel/wire-error.ts';
import { describeContributions } from './describe-contributions.ts';
import { GatewayDoor } from './gateway-door.ts';
import type { GatewayPeer } from './gateway-door.ts';
import { loginSession } from './login-session.ts';
import { toldLogger } from './told-logger.ts';
import { ToldSurroundings } from './told-surroundings.ts';
import { Works } from './works.ts';

type Question<K extends keyof ProcessAsks> = ProcessAsks[K]['question'];

type PluginLoader = (file: string, name: string, limitMs: number) => Promise<LoadedPlugin>;

/**
 * The plugin's side of the border: imports one plugin, sets one instance up, and does with it what the
 * gateway asks.
 */
export class PluginProcess {
  readonly #peer: GatewayPeer;
  readonly #streams: Streams;
  readonly #door: GatewayDoor;
  readonly #works: Works;
  readonly #logger: Logger;
  readonly #import: PluginLoader;
  readonly #told = new ToldSurroundings();
  readonly #ending = new AbortController();
  #disposer: Disposer | undefined;
  #plugin: LoadedPlugin | undefined;
  #contributions: CheckedContributions | undefined;

  /**
   * @param onGone - the gateway has closed the socket, or is no more.
   * @param load - brings the plugin; by default by importing its file.
   */
  constructor(socket: Duplex, onGone: () => void, load: PluginLoader = importPlugin) {
    this.#import = load;
    this.#peer = new Peer<GatewayAsks, GatewayNews, ProcessAsks, ProcessNews>(socket, {
      asks: this.#asks(),
      news: this.#news(),
      onJunk: onGone,
      onClose: onGone,
    });
    this.#streams = new Streams(this.#peer);
    this.#door = new GatewayDoor(this.#peer, this.#streams);
    this.#logger = toldLogger(() => this.#peer);
    this.#works = new Works(this.#door, this.#logger);
  }

  #asks(): Service<ProcessAsks, ProcessNews>['asks'] {
    const done = { value: true } as const;
    return {
      load: async ({ file, name, limitMs }) => {
        this.#plugin = await this.#import(file, name, limitMs);
        return { value: { schema: this.#plugin.schema, deps: depsOf(this.#plugin.deps) } };
      },
      setup: async (wish) => ({ value: await this.#setUp(wish) }),
      start: async ({ work }) => {
        const { signal } = this.#works.begin(work);
        await this.#works.run(work, () => this.#contributions?.start?.(signal));
        return done;
      },
      stop: async ({ work }) => {
        const { signal } = this.#works.begin(work);
        await this.#works.run(work, () => this.#contributions?.stop?.(signal));
        return done;
      },
      dispose: async () => {
        await this.#disposer?.dispose();
        return done;
      },
      models: async ({ work, account }) => {
        const context = this.#works.forAccount(work, account);
        return {
          value: await this.#works.run(work, () => this.#executor().models(context)),
        };
      },
      send: async (wish, bytes) => ({ value: await this.#send(wish, bytes) }),
      run: async (wish) => ({ value: this.#run(wish) }),
      countTokens: async ({ request, ...call }) => {
        const context = this.#call(call);
        const count = () => this.#executor<EventExecutor>().countTokens?.(request, context);
        return { value: (await this.#works.run(call.work, count)) as number };
      },
      embed: async ({ request, ...call }) => {
        const context = this.#call(call);
        const embed = () => this.#executor<EventExecutor>().embed?.(request, context);
        return { value: (await this.#works.run(call.work, embed)) as never };
      },
      probe: async ({ work, account, probe: id }) => {
        const context = this.#works.forAccount(work, account);
        const probe = this.#contributions?.probes.find((one) => one.id === id);
        return { value: await this.#works.run(work, () => probe?.check(context)) };
      },
      authorize: async (wish) => this.#authorize(wish),
      login: async ({ authenticator, ...begin }) => {
        const context = this.#works.begin(begin.work);
        const session = loginSession(this.#peer, begin, context);
        const login = () => this.#authenticator(authenticator).login?.(session);
        return { value: toPlain(await this.#works.run(begin.work, login)) };
      },
      refresh: async ({ work, authenticator, credential }) => {
        const context = this.#works.begin(work);
        const refresh = () =>
          this.#authenticator(authenticator).refresh?.(credentialOf(credential), context);
        return { value: toPlain(await this.#works.run(work, refresh)) };
      },
      refreshSpends: async ({ authenticator, credential }) => {
        const spends = this.#authenticator(authenticator).refreshSpends?.(credentialOf(credential));
        return { value: spends !== false };
      },
      revoke: async ({ work, authenticator, credential }) => {
        const context = this.#works.begin(work);
        await this.#works.run(work, () =>
          this.#authenticator(authenticator).revoke?.(credentialOf(credential), context),
        );
        return done;
      },
    };
  }

  #news(): Service<ProcessAsks, ProcessNews>['news'] {
    return {
      pull: (value) => this.#streams.news.pull(value),
      drop: (value) => this.#streams.news.drop(value),
      chunk: (value, bytes) => this.#streams.news.chunk(value, bytes),
      end: (value) => this.#streams.news.end(value),
      broken: (value) => this.#streams.news.broken(value),
      ping: (surroundings) => {
        this.#told.hear(surroundings);
        const unlisted = this.#contributions?.executor?.unlisted;
        this.#peer.tell('pong', unlisted === undefined ? {} : { unlisted });
      },
      abort: ({ work, error }) => this.#works.abort(work, errorFromWire(error)),
      close: ({ work }) => this.#works.close(work),
      ending: ({ error }) => this.#ending.abort(errorFromWire(error)),
      finished: ({ lent, whole }) => this.#door.finished(lent, whole),
    };
  }

  async #setUp(wish: Question<'setup'>): Promise<Described> {
    const { pluginId, instanceId, config, manifest, stopMs, local } = wish;
    this.#told.begin(local);
    this.#told.hear(wish);
    // Told by way of the log: when it ends, nobody counts its faults any more.
    const disposer = new Disposer((_where, error, what = 'a fault') => {
      this.#logger.warn(what, { error });
    }, stopMs);
    this.#disposer = disposer;
    deepFreeze(config);
    const context = Object.freeze({
      pluginId,
      instanceId,
      config,
      logger: this.#logger,
      signal: this.#ending.signal,
      onDispose: (release: unknown) => disposer.add(releaseOf(release, instanceId)),
    });
    const returned = await this.#plugin?.setup(context, this.#services(wish.deps));
    const { contributions, faults } = readContributions(returned, manifest);
    if (contributions === undefined) {
      throw new GatewayError(
        'PLUGIN_BAD_CONTRIBUTION',
        `what setup returned can't be used: ${faults.join('; ')}`,
      );
    }
    this.#contributions = contributions;
    return describeContributions(contributions);
  }

  /** What the plugin asked for; the gateway has looked whether it may have it. */
  #services(deps: Question<'setup'>['deps']): object {
    const offered: Readonly<Record<string, unknown>> = {
      [services.http.id]: this.#door.http(0),
      [services.accounts.id]: this.#registry(),
      [services.clock.id]: this.#told.clock,
      [services.address.id]: this.#told.address,
    };
    return Object.freeze(Object.fromEntries(deps.map(([name, id]) => [name, offered[id]])));
  }

  #registry(): AccountRegistry {
    return Object.freeze<AccountRegistry>({
      attach: async (account) =>
        (await this.#peer.ask('attach', { account: toPlain(account) })).value,
      detach: async (accountId, reason) => {
        await this.#peer.ask('detach', { accountId, reason });
      },
    });
  }

  async #send(wish: Question<'send'>, bytes: Buffer | undefined): Promise<SentMark> {
    const { dialect, operation, stream, path, headers } = wish;
    const body = bytes ?? Buffer.alloc(0);
    const call = { ...this.#call(wish, body), dialect, operation, stream, path, headers, body };
    const reply = checkedReply(await this.#executor<WireExecutor>().send(call));
    return typeof reply === 'string' ? { kind: 'junk', what: reply } : this.#door.sent(reply);
  }

  #run({ request, ...call }: Question<'run'>): number | undefined {
    const events: unknown = this.#executor<EventExecutor>().run(request, this.#call(call));
    if (!isIterable(events)) return undefined;
    return this.#streams.lendEvents(events, () => this.#works.close(call.work));
  }

  async #authorize(wish: Question<'authorize'>): Promise<Parcel<RequestMark | undefined>> {
    const { work, authenticator, credential, request, of } = wish;
    const body = this.#door.bodyOf(of);
    const whole = requestOf({ value: { ...request, body: 'same' } }, body);
    const context = this.#works.begin(work);
    const given: unknown = await this.#works.run(work, () =>
      this.#authenticator(authenticator).authorize(whole, credentialOf(credential), context),
    );
    if (typeof given !== 'object' || given === null) return { value: undefined };
    return markRequest(given as typeof whole, body);
  }

  #call(call: CallWork, body?: Buffer): CallContext {
    const { work, account, requestId, attempt, model, sessionKey } = call;
    const context: AccountContext = this.#works.forAccount(work, account, body);
    return {
      ...context,
      requestId,
      attempt,
      model,
      ...(sessionKey === undefined ? {} : { sessionKey }),
    };
  }

  #executor<T = NonNullable<CheckedContributions['executor']>>(): T {
    return this.#contributions?.executor as T;
  }

  #authenticator(id: string): Authenticator {
    const found = this.#contributions?.authenticators.find((one) => one.id === id);
    if (found !== undefined) return found;
    throw new GatewayError('PLUGIN_FAULT', `the plugin has no authenticator "${id}" any more`);
  }
}

const importPlugin: PluginLoader = (file, name, limitMs) =>
  new PluginImporter(limitMs).load(file, name);

/** The refs that can cross: what each is known by. */
function depsOf(deps: unknown): unknown {
  if (typeof deps !== 'object' || deps === null) return deps;
  return Object.fromEntries(
    Object.entries(deps).map(([name, ref]: [string, unknown]) => [
      name,
      { id: (ref as { readonly id?: unknown } | undefined)?.id },
    ]),
  );
}

function releaseOf(release: unknown, instanceId: string): () => void | Promise<void> {
  if (typeof release === 'function') return release as () => void | Promise<void>;
  throw new GatewayError(
    'PLUGIN_BAD_CONTRIBUTION',
    `plugin "${instanceId}": onDispose needs a function`,
  );
}

function credentialOf(plain: unknown): Credential {
  return fromPlain(plain) as Credential;
}
