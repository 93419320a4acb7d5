/** A dispatcher between real sockets: scripted upstreams, a line protocol for a dialect, a checking sink. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from '@cliproxy/plugin-api';
import type {
  Executor,
  FailureKind,
  HeaderMap,
  Hook,
  HookBody,
  ModelEvent,
  ModelRequest,
  Operation,
  Usage,
  WireExecutor,
  WireReply,
} from '@cliproxy/plugin-api';
import type { FaultBook } from '../src/faults/fault-book.ts';
import { faultBook } from './fault-book.ts';
import { AccountBook } from '../src/accounts/account-book.ts';
import { Places } from '../src/accounts/places.ts';
import type { PlaceLimits } from '../src/accounts/places.ts';
import type { AccountHandle } from '../src/accounts/account-handle.ts';
import { Dispatcher } from '../src/dispatch/dispatcher.ts';
import type { DispatcherOptions } from '../src/dispatch/dispatcher.ts';
import type { AnswerSink, AnswerStart, IngressCall } from '../src/dispatch/ingress-call.ts';
import type { DispatchSettings } from '../src/dispatch/prepared-call.ts';
import { chainOf } from '../src/hooks/hook-chain.ts';
import { HookRun } from '../src/hooks/hook-run.ts';
import { RecordLines } from '../src/hooks/record-lines.ts';
import type { PluginInstance } from '../src/plugins/plugin-instance.ts';
import type {
  AnswerPipe,
  ClientRequest,
  Dialects,
  EventPipe,
  EventStage,
  KeptState,
  ReplyPipe,
  RequestFacts,
  ToldFailure,
} from '../src/ports/dialects.ts';
import type { KernelEvent, RequestFinished } from '../src/ports/event-sink.ts';
import type { FailoverSettings, TimeoutSettings } from '../src/ports/settings.ts';
import type { AccountChoice, Candidate, Plan, RouteQuery } from '../src/routing/plan.ts';

const realClock = {
  now: (): number => Date.now(),
  monotonic: (): number => performance.now(),
};

const failover: FailoverSettings = {
  maxAttempts: 4,
  retryRatio: 0.2,
  retryFloor: 10,
  queueSize: 32,
  queueMs: 2_000,
  maxCoolingMs: 3_600_000,
  outageMs: 30_000,
  overloadedMs: 5_000,
  rateLimitMs: 30_000,
  deniedMs: 1_800_000,
  notFoundMs: 600_000,
  pluginFaults: 5,
  pluginFaultWindowMs: 60_000,
  pluginFaultMaxMs: 60_000,
  holdStreamBytes: 65_536,
  holdBodyBytes: 1_048_576,
  commitAfterMs: 0,
  maxAnswerBytes: 67_108_864,
};

const timeouts: TimeoutSettings = {
  connectMs: 5_000,
  firstByteMs: 20_000,
  idleMs: 20_000,
  totalMs: 60_000,
  loginMs: 60_000,
};

/** One upstream request, as a script sees it. */
export type Script = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A real upstream whose answers are scripted; the last script repeats. */
export interface Upstream {
  readonly url: string;
  readonly seen: { readonly headers: http.IncomingHttpHeaders; readonly body: string }[];
  /** Counts requests whose connection was closed before their answer was complete. */
  aborted: number;
  close(): Promise<void>;
}

export async function upstream(...scripts: readonly Script[]): Promise<Upstream> {
  let next = 0;
  const server = http.createServer((request, response) => {
    const script = scripts[Math.min(next++, scripts.length - 1)];
    const chunks: Buffer[] = [];
    response.on('close', () => {
      if (!response.writableFinished) found.aborted += 1;
    });
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      found.seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      script?.(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const found: Upstream = {
    url: `http://127.0.0.1:${port}`,
    seen: [],
    aborted: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return found;
}

/** Scripts. */
export const answers = {
  lines:
    (...lines: readonly string[]): Script =>
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/lines', 'x-request-id': 'up-1' });
      response.end(lines.map((line) => `${line}\n`).join(''));
    },
  status:
    (status: number, body = '', headers: http.OutgoingHttpHeaders = {}): Script =>
    (_, response) => {
      response.writeHead(status, headers);
      response.end(body);
    },
  /** Writes the lines, then breaks the connection. */
  breaks:
    (...lines: readonly string[]): Script =>
    (_, response) => {
      response.writeHead(200);
      if (lines.length === 0) response.flushHeaders();
      else response.write(lines.map((line) => `${line}\n`).join(''));
      setTimeout(() => response.destroy(), 20);
    },
  /** Writes the lines, then says nothing more. */
  stalls:
    (...lines: readonly string[]): Script =>
    (_, response) => {
      response.writeHead(200);
      response.flushHeaders();
      if (lines.length > 0) response.write(lines.map((line) => `${line}\n`).join(''));
    },
  silence: (() => undefined) as Script,
};

/** The usual whole answer. */
export const whole = ['start', 'text hello', 'done'] as const;

/** Sends over a real socket, one agent for all. */
export function httpExecutor(url: string): WireExecutor {
  return {
    kind: 'wire',
    speaks: { 'openai-chat': ['generate'] },
    models: async () => Promise.resolve([]),
    send: (call) =>
      new Promise<WireReply>((resolve, reject) => {
        const request = http.request(
          url + call.path,
          { method: 'POST', headers: call.headers as http.OutgoingHttpHeaders, agent: false },
          (response) => {
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers as HeaderMap,
              body: response,
            });
          },
        );
        call.signal.addEventListener('abort', () => request.destroy(new Error('aborted')));
        request.on('error', reject);
        request.end(call.body);
      }),
  };
}

export function eventExecutor(run: (signal: AbortSignal) => AsyncIterable<ModelEvent>): Executor {
  return {
    kind: 'events',
    models: async () => Promise.resolve([]),
    run: (_, call) => run(call.signal),
  };
}

/** A target, and what becomes of its accounts. */
export interface TargetSpec {
  readonly id: string;
  readonly executor: Executor;
  /** Default one. */
  readonly accounts?: number;
  readonly refresh?: () => Promise<boolean>;
  /** What the failed renewal threw. */
  readonly renewalFault?: GatewayError;
  /** Default all. */
  readonly offers?: readonly Operation[];
}

export interface Rig {
  readonly dispatcher: Dispatcher;
  readonly events: KernelEvent[];
  readonly book: AccountBook;
  readonly places: Places;
  readonly entered: Map<string, number>;
  readonly faults: string[];
  readonly finished: () => RequestFinished[];
  /** Puts a new generation of an instance in the place of the former, which ends at once. */
  readonly replace: (target: TargetSpec) => void;
}

export function rig(
  targets: readonly TargetSpec[],
  overrides: {
    readonly failover?: Partial<FailoverSettings>;
    readonly timeouts?: Partial<TimeoutSettings>;
    readonly heartbeatMs?: number;
    readonly plan?: Partial<Plan>;
    /** The wall clock, where it is not to go on by itself. */
    readonly now?: () => number;
    readonly limits?: PlaceLimits;
    /** True: nothing matches the name. */
    readonly unknown?: boolean;
    /** Of the instance `plug`. */
    readonly hooks?: readonly Hook[];
    /** How long a hook may take. */
    readonly hookMs?: number;
  } = {},
): Rig {
  const events: KernelEvent[] = [];
  const clock = { ...realClock, ...(overrides.now === undefined ? {} : { now: overrides.now }) };
  const faults: string[] = [];
  const entered = new Map<string, number>();
  const settings: DispatchSettings = {
    failover: { ...failover, ...overrides.failover },
    timeouts: { ...timeouts, ...overrides.timeouts },
    usage: 'auto',
  };
  const sink = {
    emit: (event: KernelEvent) => {
      events.push(event);
      if (event.type === 'plugin-faulted') faults.push(`"${event.instanceId}" ${event.message}`);
    },
  };
  const policy = (): FailoverSettings => settings.failover;
  const ownFaults = faultBook({ clock, sink, policy });
  const book = new AccountBook({ clock, sink, policy, faults: ownFaults, random: () => 0 });
  const places = new Places(() => overrides.limits);
  const instances = targets.map((target) => instanceOf(target, entered, ownFaults));
  const offers = (id: string, operation: Operation): boolean =>
    targets.find((target) => target.id === id)?.offers?.includes(operation) ?? true;
  const plan = ({ operation }: Pick<RouteQuery, 'operation'>): Plan => ({
    requested: 'm',
    model: 'm',
    alias: false,
    ...(overrides.unknown === true ? {} : { via: 'route' as const }),
    strategy: 'failover',
    candidates: instances.map((instance) => {
      const found = candidateOf(instance, book, places);
      return offers(instance.id, operation)
        ? found
        : { ...found, usable: false, reason: 'operation-not-offered' as const };
    }),
    near: [],
    ...overrides.plan,
  });
  const plug = instanceOf({ id: 'plug', executor: httpExecutor('') }, entered, ownFaults);
  const lines = new RecordLines(ownFaults, overrides.hookMs);
  const options: DispatcherOptions = {
    hooks: (flight) => {
      if (overrides.hooks === undefined) return undefined;
      const bound = overrides.hooks.map((hook) => ({ hook, instance: plug }));
      const chain = chainOf(bound, flight.call.request.facts.operation);
      return new HookRun({
        chain,
        flight,
        lines,
        faults: ownFaults,
        limitMs: overrides.hookMs ?? 5_000,
      });
    },
    clock,
    sink,
    dialects: { classify, quotas },
    book,
    places,
    plan,
    settings: () => settings,
    ...(overrides.heartbeatMs === undefined ? {} : { heartbeatMs: overrides.heartbeatMs }),
  };
  return {
    dispatcher: new Dispatcher(options),
    events,
    book,
    places,
    entered,
    faults,
    finished: () => events.filter((event) => event.type === 'request-finished'),
    replace: (target) => {
      const place = instances.findIndex(({ id }) => id === target.id);
      Object.assign(instances[place] ?? {}, { executor: undefined, state: 'stopped' });
      instances[place] = instanceOf(target, entered, ownFaults);
    },
  };
}

function candidateOf(instance: PluginInstance, book: AccountBook, places: Places): Candidate {
  const accounts = instance.accounts().map((handle): AccountChoice => {
    const found = book.availability(instance.id, handle.account.id, 'up');
    const full = found.usable && places.full(handle);
    return full ? { handle, usable: false, trial: false, reason: 'busy' } : { handle, ...found };
  });
  const out = accounts.find(({ usable }) => !usable);
  const usable = accounts.some((choice) => choice.usable);
  return {
    instanceId: instance.id,
    instance,
    upstreamModel: 'up',
    dialects: instance.executor?.kind === 'wire' ? ['openai-chat'] : [],
    refuses: [],
    accounts,
    usable,
    ...(usable || out?.reason === undefined ? {} : { reason: out.reason }),
  };
}

function instanceOf(
  target: TargetSpec,
  entered: Map<string, number>,
  ownFaults: FaultBook,
): PluginInstance {
  const { id, executor, refresh } = target;
  const handles = Array.from({ length: target.accounts ?? 1 }, (_, index): AccountHandle => ({
    account: { id: `${id}/a${index}`, label: `***${index}`, facts: {} },
    instanceId: id,
    source: 'configured',
    authMethod: refresh === undefined ? undefined : 'oauth',
    http: { request: async () => Promise.reject(new Error('not used')) },
    authorize: async (request) => Promise.resolve(request),
    refresh: refresh ?? (async () => Promise.resolve(false)),
    generation: 0,
    expiresAtMs: undefined,
    needsLogin: undefined,
    renewalFault: target.renewalFault,
    renewInTime: () => Promise.resolve(),
    masked: (text) => text,
  }));
  const count = (by: number): void => void entered.set(id, (entered.get(id) ?? 0) + by);
  const quiet = (): void => undefined;
  return {
    id,
    ended: new AbortController().signal,
    pluginId: id,
    packageName: id,
    version: '1.0.0',
    state: 'ready',
    problems: [],
    patterns: [],
    executor,
    probes: [],
    hooks: [],
    sockets: [],
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    onFault: (where, error) => ownFaults.note({ instanceId: id, where, error }),
    accounts: () => handles,
    enter: () => {
      count(1);
    },
    leave: () => {
      count(-1);
    },
  };
}

const kinds: Readonly<Record<number, FailureKind>> = {
  400: 'bad-request',
  401: 'auth',
  402: 'billing',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-large',
  429: 'rate-limit',
  503: 'overloaded',
  529: 'overloaded',
};

/** Answers tell one limit in the header `left`. */
export const quotas: Dialects['quotas'] = (_, { headers }) => {
  const { left } = headers;
  return left === undefined ? undefined : () => [{ name: 'requests', remaining: Number(left) }];
};

export const classify: Dialects['classify'] = (_, { status, headers, body }, nowMs) => {
  const kind = kinds[status] ?? 'upstream';
  const text = body.toString();
  const after = headers['retry-after'];
  const failure: ToldFailure = {
    kind,
    refusesReasoning: text.includes('signature'),
    scope:
      kind === 'bad-request' || kind === 'too-large'
        ? 'request'
        : kind === 'not-found'
          ? 'model'
          : 'account',
    ...(text === '' ? {} : { message: text }),
    ...(typeof after === 'string' ? { resetAtMs: nowMs + Number(after) * 1_000 } : {}),
  };
  return failure;
};

/** The line protocol: `start`, `text …`, `usage in out`, `error kind …`, `oops`, `done`. */
class LinePipe implements AnswerPipe {
  readonly contentType = 'text/lines';
  readonly streaming: boolean;
  readonly passthrough = true;
  usage: Usage | undefined;
  finish: 'stop' | undefined;
  keptAs: string | undefined;
  #rest = '';

  constructor(streaming: boolean) {
    this.streaming = streaming;
  }

  push(chunk: Buffer, out: Buffer[]): boolean {
    let meaningful = false;
    const lines = (this.#rest + chunk.toString()).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [word, ...more] = line.split(' ');
      if (word === 'error') {
        const kind = (more[0] ?? 'upstream') as FailureKind;
        const failure: ToldFailure = {
          kind,
          scope: 'account',
          message: more.slice(1).join(' '),
          refusesReasoning: line.includes('signature'),
        };
        throw new GatewayError('UPSTREAM_FAILED', 'the stream told an error', { failure });
      }
      if (word === 'oops') throw new TypeError('a bug');
      if (word === 'kept') this.keptAs = more[0];
      if (word === 'text') meaningful = true;
      if (word === 'usage') {
        this.usage = { inputTokens: Number(more[0]), outputTokens: Number(more[1]) };
      }
      if (word === 'done') {
        this.finish = 'stop';
        meaningful = true;
      }
      out.push(Buffer.from(`${line}\n`));
    }
    return meaningful;
  }

  end(): void {
    if (this.finish !== undefined) return;
    throw new GatewayError('UPSTREAM_TRUNCATED', 'the answer is not complete');
  }

  failure(error: GatewayError): Buffer {
    return Buffer.from(`FAILED ${error.code}\n`);
  }

  heartbeat(): Buffer {
    return Buffer.from(': beat\n');
  }
}

/** The same for events, in the same lines. */
class LineEventPipe implements EventPipe {
  readonly #lines: LinePipe;
  readonly #stage: EventStage | undefined;
  readonly contentType = 'text/lines';
  readonly streaming: boolean;
  readonly passthrough = false;

  constructor(streaming: boolean, stage?: EventStage) {
    this.streaming = streaming;
    this.#stage = stage;
    this.#lines = new LinePipe(streaming);
  }

  get usage(): Usage | undefined {
    return this.#lines.usage;
  }

  get finish(): 'stop' | undefined {
    return this.#lines.finish;
  }

  push(event: ModelEvent, out: Buffer[]): boolean {
    if (this.#stage === undefined) return this.#write(event, out);
    let meaningful = false;
    this.#stage.push(event, (one) => (meaningful = this.#write(one, out) || meaningful));
    return meaningful;
  }

  #write(event: ModelEvent, out: Buffer[]): boolean {
    switch (event.type) {
      case 'start':
        return this.#lines.push(Buffer.from('start\n'), out);
      case 'open':
        return this.#lines.push(Buffer.from(`open ${event.part.type}\n`), out);
      case 'delta':
        return this.#lines.push(Buffer.from(`text ${event.text}\n`), out);
      case 'usage':
        return this.#lines.push(
          Buffer.from(`usage ${event.usage.inputTokens} ${event.usage.outputTokens}\n`),
          out,
        );
      case 'finish':
        return this.#lines.push(Buffer.from('done\n'), out);
      case 'close':
        return false;
    }
  }

  end(out: Buffer[]): void {
    this.#stage?.end((event) => this.#write(event, out));
    this.#lines.end();
  }

  failure(error: GatewayError): Buffer {
    return this.#lines.failure(error);
  }

  heartbeat(): Buffer {
    return this.#lines.heartbeat();
  }
}

/** The same for a number that comes whole. */
class LineReplyPipe implements ReplyPipe {
  readonly contentType = 'text/lines';
  readonly streaming = false;
  readonly passthrough = false;
  usage: Usage | undefined;
  readonly finish = undefined;

  push(reply: unknown, out: Buffer[]): boolean {
    if (typeof reply !== 'number') throw new TypeError('no number');
    this.usage = { inputTokens: reply, outputTokens: 0 };
    out.push(Buffer.from(`whole ${reply}\n`));
    return false;
  }

  end(): void {
    if (this.usage === undefined) throw new Error('ended without a reply');
  }

  failure(): Buffer {
    return Buffer.alloc(0);
  }

  heartbeat(): Buffer {
    return Buffer.alloc(0);
  }
}

export interface CallSpec {
  readonly operation?: Operation;
  readonly stream?: boolean;
  readonly strict?: boolean;
  readonly ignored?: readonly string[];
  /** Id of the answer that the request goes on from. */
  readonly from?: string;
  /** The request holds reasoning of an earlier answer. */
  readonly reasoning?: boolean;
  readonly headers?: HeaderMap;
  readonly sessionKey?: string;
  readonly sink?: AnswerSink;
  /** Makes encoding throw for these instances. */
  readonly unsupported?: readonly string[];
  readonly encode?: () => void;
  readonly answer?: () => void;
}

const stateOf = (id: string): KeptState => ({
  field: 'from',
  id,
  lost: () => new GatewayError('CLIENT_BAD_REQUEST', '`from` names an answer that nobody knows'),
});

const WITH_REASONING = '{"model":"up","reasoning":"signed"}';
let requests = 0;

/** A client's call, and what its sink got. */
export function call(spec: CallSpec = {}): IngressCall & { readonly got: CheckingSink } {
  const stream = spec.stream ?? true;
  const got = new CheckingSink();
  const facts: RequestFacts = {
    dialect: 'openai-chat',
    operation: spec.operation ?? 'generate',
    model: 'm',
    stream,
    ...(spec.sessionKey === undefined ? {} : { sessionKey: spec.sessionKey }),
    ...(spec.from === undefined ? {} : { state: stateOf(spec.from) }),
    needs: () => [],
  };
  const ignored = spec.ignored ?? [];
  const encode = (instanceId: string): void => {
    spec.encode?.();
    if (spec.unsupported?.includes(instanceId) === true) {
      throw new GatewayError('CLIENT_UNSUPPORTED', `${instanceId} can't do that`);
    }
  };
  const requestOf = (body: string): ClientRequest => ({
    facts,
    wire: ({ instanceId }) => {
      encode(instanceId);
      return {
        path: '/lines',
        body: Buffer.from(body),
        ignored,
        answer: () => {
          spec.answer?.();
          return new LinePipe(stream);
        },
      };
    },
    events: ({ instanceId }) => {
      encode(instanceId);
      return {
        request: { model: 'up', turns: [], tools: [], stream, extras: extras },
        ignored,
        answer: (stage) => new LineEventPipe(stream, stage),
      };
    },
    reply: ({ instanceId }) => {
      encode(instanceId);
      const asked = { model: 'up', inputs: ['a'] };
      const exchange = { ignored, answer: () => new LineReplyPipe() };
      return facts.operation === 'embed'
        ? { ...exchange, operation: 'embed', request: asked }
        : {
            ...exchange,
            operation: 'count-tokens',
            request: { model: 'up', turns: [], tools: [], stream, extras },
          };
    },
    body: () =>
      facts.operation === 'embed'
        ? { embed: { model: 'm', inputs: [body] } }
        : { request: saying(body, stream) },
    withBody: (changed) => requestOf(changed === undefined ? `anew ${body}` : saidIn(changed)),
    withoutReasoning: () => {
      if (spec.reasoning !== true) return undefined;
      if (body !== WITH_REASONING) throw new Error('left out already');
      return requestOf('{"model":"up"}');
    },
    estimate: () =>
      facts.operation === 'count-tokens'
        ? { contentType: 'text/lines', body: Buffer.from('about 7\n'), estimated: 'input_tokens' }
        : undefined,
  });
  const request = requestOf(spec.reasoning === true ? WITH_REASONING : '{"model":"up"}');
  return {
    requestId: `r${++requests}`,
    request,
    headers: spec.headers ?? {},
    strict: spec.strict ?? false,
    sink: spec.sink ?? got,
    got,
  };
}

/** A request of one text. */
function saying(text: string, stream: boolean): ModelRequest {
  const turns = [{ role: 'user', parts: [{ type: 'text', text }] }] as const;
  return { model: 'm', turns, tools: [], stream, extras };
}

function saidIn({ request, embed }: HookBody): string {
  const [part] = request?.turns[0]?.parts ?? [];
  return part?.type === 'text' ? part.text : (embed?.inputs[0] ?? '');
}

const extras = { dialect: 'openai-chat', fields: {} } as const;

/** A sink in memory that knows what must not happen. */
export class CheckingSink implements AnswerSink {
  head: AnswerStart | undefined;
  text = '';
  state: 'new' | 'open' | 'ended' | 'cut' = 'new';
  /** What was done wrong. */
  readonly sins: string[] = [];
  /** False: the client is slow until {@link CheckingSink.drain}. */
  fast = true;
  onWrite: (() => void) | undefined;
  #resume: (() => void) | undefined;
  #left: (() => void) | undefined;
  #hasLeft = false;

  start(head: AnswerStart): void {
    if (this.state !== 'new') this.sins.push(`start while ${this.state}`);
    this.state = 'open';
    this.head = head;
  }

  write(bytes: Buffer): boolean {
    if (this.state !== 'open') this.sins.push(`write while ${this.state}`);
    // The last words of a broken answer wait for nobody.
    const last = bytes.toString().startsWith('FAILED');
    if (this.#resume !== undefined && !last) this.sins.push('write before drain');
    this.text += bytes.toString();
    this.onWrite?.();
    return this.fast;
  }

  onDrain(resume: () => void): void {
    this.#resume = resume;
  }

  end(): void {
    if (this.state !== 'open') this.sins.push(`end while ${this.state}`);
    this.state = 'ended';
  }

  cut(): void {
    if (this.state !== 'open') this.sins.push(`cut while ${this.state}`);
    this.state = 'cut';
  }

  onClosed(left: () => void): void {
    this.#left = left;
    if (this.#hasLeft) left();
  }

  drain(): void {
    this.fast = true;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** The client leaves. */
  leave(): void {
    this.#hasLeft = true;
    this.#left?.();
  }

  get halted(): boolean {
    return this.#resume !== undefined;
  }
}

/** Waits until something is so; fails after a generous while. */
export async function until(what: () => boolean, name: string): Promise<void> {
  for (let n = 0; n < 1_000; n++) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never came: ${name}`);
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<GatewayError> {
  try {
    await promise;
  } catch (thrown) {
    return thrown as GatewayError;
  }
  throw new Error('it did not reject');
}
