import { performance } from 'node:perf_hooks';
import type {
  AccountContext,
  CallContext,
  Contributions,
  GatewayPlugin,
  HealthProbe,
  HttpClient,
  Logger,
  ModelEvent,
  ModelInfo,
  WireReply,
} from '@cliproxy/plugin-api';
import { pluginOptions } from '@cliproxy/plugin-api/host';
import { rebuilt } from '../with-services.ts';

/** Times by the monotonic clock, in milliseconds. */
interface WatchedWork {
  /** When the gateway ended it; undefined: it did not. */
  readonly abortedAtMs: number | undefined;
  /** When the plugin let go of it. */
  readonly settledAtMs: number | undefined;
  readonly thrown?: unknown;
}

/** One call of the executor. */
interface WatchedCall extends WatchedWork {
  readonly accountId: string;
  /** What was asked, as text. */
  readonly asked: string;
  /** Of an executor that produces events, those that it gave. */
  readonly events: readonly ModelEvent[];
}

/** A model list that was asked for. */
interface WatchedList extends WatchedWork {
  readonly models?: readonly ModelInfo[];
}

/** What a plugin did while it was watched. */
export interface Watch {
  /** The plugin to mount in the place of the one that is watched. */
  readonly plugin: GatewayPlugin;
  readonly contributions: readonly Contributions[];
  readonly calls: readonly WatchedCall[];
  readonly lists: readonly WatchedList[];
  readonly probes: readonly (WatchedWork & { readonly id: string })[];
  /** What it gave its loggers, before anything was masked. */
  readonly logged: readonly unknown[];
  /** What the way out to its upstream threw, whether the plugin told of it or not. */
  readonly refused: readonly unknown[];
}

/** How a plugin is watched. */
export interface WatchOptions {
  /** How long the gateway waits for a probe, in milliseconds; default: what the plugin says. */
  readonly probeTimeoutMs?: number;
}

/** Watches a plugin from within: what it is given and gives passes through here. */
export function watched(plugin: GatewayPlugin, options: WatchOptions = {}): Watch {
  const own = pluginOptions(plugin);
  const seen = new Sightings(options);
  return {
    contributions: seen.contributions,
    calls: seen.calls,
    lists: seen.lists,
    probes: seen.probes,
    logged: seen.logged,
    refused: seen.refused,
    plugin:
      own === undefined
        ? plugin
        : rebuilt(plugin, {
            ...own,
            setup: async (context, deps) => {
              const logger = seen.logger(context.logger);
              const made = await own.setup({ ...context, logger }, deps);
              return seen.contributed(made);
            },
          }),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Sightings {
  readonly contributions: Contributions[] = [];
  readonly calls: WatchedCall[] = [];
  readonly lists: WatchedList[] = [];
  readonly probes: (WatchedWork & { readonly id: string })[] = [];
  readonly logged: unknown[] = [];
  readonly refused: unknown[] = [];
  readonly #options: WatchOptions;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  logger(logger: Logger): Logger {
    const way = (level: keyof Logger) => (message: string, fields?: object) => {
      this.logged.push(message, fields);
      logger[level](message, fields);
    };
    return { debug: way('debug'), info: way('info'), warn: way('warn'), error: way('error') };
  }

  /** What is malformed passes as it is: the gateway says so. */
  contributed(made: Contributions): Contributions {
    this.contributions.push(made);
    if (typeof made !== 'object') return made;
    const { executor } = made;
    const probes = made.probes as unknown;
    return {
      ...made,
      ...(typeof executor === 'object' && { executor: this.#executor(executor) }),
      ...(Array.isArray(probes) && {
        probes: (probes as HealthProbe[]).map((probe) => this.#probe(probe)),
      }),
      ...(made.start && { start: (signal) => made.start?.(signal) ?? Promise.resolve() }),
      ...(made.stop && { stop: (signal) => made.stop?.(signal) ?? Promise.resolve() }),
    };
  }

  #executor(executor: NonNullable<Contributions['executor']>): typeof executor {
    const models = async (context: AccountContext) => {
      const list = begun<WatchedList>(context.signal, {});
      this.lists.push(list);
      return settling(list, async () => {
        const found = await executor.models(this.#context(context));
        list.models = found;
        return found;
      });
    };
    if (executor.kind === 'wire') {
      return over(executor, {
        models,
        send: (call) => {
          const work = this.#call(call, call.body.toString());
          return settling(work, () => executor.send(this.#context(call))).then((reply) =>
            followed(work, reply),
          );
        },
      });
    }
    return over(executor, {
      models,
      ...(executor.countTokens && { countTokens: executor.countTokens.bind(executor) }),
      ...(executor.embed && { embed: executor.embed.bind(executor) }),
      run: (request, call) => {
        const work = this.#call(call, JSON.stringify(request.turns));
        return this.#events(work, executor.run(request, this.#context(call)));
      },
    });
  }

  #call(call: CallContext, asked: string): Mutable<WatchedCall> {
    const about = { accountId: call.account.id, asked, events: [] };
    const work = begun<WatchedCall>(call.signal, about);
    this.calls.push(work);
    return work;
  }

  #events(
    work: Mutable<WatchedCall>,
    events: AsyncIterable<ModelEvent>,
  ): AsyncIterable<ModelEvent> {
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = events[Symbol.asyncIterator]();
        const step = async (next: () => Promise<IteratorResult<ModelEvent>>) => {
          try {
            const result = await next();
            if (result.done === true) work.settledAtMs ??= performance.now();
            else (work.events as ModelEvent[]).push(result.value);
            return result;
          } catch (error) {
            work.thrown = error;
            work.settledAtMs ??= performance.now();
            throw error;
          }
        };
        return {
          next: () => step(() => iterator.next()),
          return: (value) =>
            step(async () => (await iterator.return?.(value)) ?? { done: true, value: undefined }),
        };
      },
    };
  }

  #probe(probe: HealthProbe): HealthProbe {
    const { probeTimeoutMs: timeoutMs = probe.timeoutMs } = this.#options;
    return over(probe, {
      timeoutMs,
      check: (context) => {
        const work = begun<WatchedWork & { id: string }>(context.signal, { id: probe.id });
        this.probes.push(work);
        return settling(work, () => probe.check(this.#context(context)));
      },
    });
  }

  #door(http: HttpClient): HttpClient {
    return {
      request: async (request, signal) => {
        try {
          return await http.request(request, signal);
        } catch (error) {
          this.refused.push(error);
          throw error;
        }
      },
    };
  }

  #context<C extends AccountContext>(context: C): C {
    return { ...context, logger: this.logger(context.logger), http: this.#door(context.http) };
  }
}

/** The same object with other members; what it keeps to itself still works. */
function over<T extends object>(object: T, members: Partial<T>): T {
  return Object.assign(Object.create(object) as T, members);
}

function begun<W extends WatchedWork>(
  signal: AbortSignal,
  about: Omit<W, keyof WatchedWork>,
): Mutable<W> {
  const times: Mutable<WatchedWork> = { abortedAtMs: undefined, settledAtMs: undefined };
  const work = Object.assign(times, about) as Mutable<W>;
  const note = (): void => void (work.abortedAtMs ??= performance.now());
  if (signal.aborted) note();
  else signal.addEventListener('abort', note, { once: true });
  return work;
}

async function settling<T>(work: Mutable<WatchedWork>, run: () => T | Promise<T>): Promise<T> {
  try {
    const value = await run();
    work.settledAtMs ??= performance.now();
    return value;
  } catch (error) {
    work.thrown = error;
    work.settledAtMs ??= performance.now();
    throw error;
  }
}

/** A reply is let go of only when its body is. */
function followed(work: Mutable<WatchedCall>, reply: WireReply): WireReply {
  const { body } = reply as { readonly body?: WireReply['body'] };
  if (typeof body?.once !== 'function' || body.destroyed) return reply;
  work.settledAtMs = undefined;
  body.once('close', () => void (work.settledAtMs ??= performance.now()));
  body.once('error', (error) => void (work.thrown ??= error));
  return reply;
}
