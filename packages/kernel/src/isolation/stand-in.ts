import type {
  AccountContext,
  AuthContext,
  Authenticator,
  CallContext,
  Contributions,
  Credential,
  EventExecutor,
  Executor,
  HealthProbe,
  LoginSession,
  ModelInfo,
  NewAccount,
  OutgoingRequest,
  WireCall,
  WireExecutor,
  WireReply,
} from '@cliproxy/plugin-api';
import { pluginFault } from '../dispatch/failure-of.ts';
import type { CallWork, Described } from './border.ts';
import { requestOf } from './channel/marks.ts';
import { fromPlain, toPlain } from './channel/plain-value.ts';
import type { ProcessSession } from './process-session.ts';
import type { ProcessWork } from './process-works.ts';

/** Where a stand-in finds the plugin. */
export interface StandInFor {
  readonly instanceId: string;
  /** The process that serves. @throws GatewayError `PLUGIN_PROCESS_DOWN` while there is none. */
  serving(): ProcessSession;
  /** What the executor said last of models that no list names. */
  unlisted(): Pick<ModelInfo, 'lacks' | 'refuses'> | undefined;
}

/** What the gateway works with in the place of what an isolated plugin's `setup` returned. */
export function standInContributions(
  described: Described,
  plugin: StandInFor,
): Omit<Contributions, 'start' | 'stop'> {
  const { executor, authenticators, accounts, probes } = described;
  return {
    ...(executor === undefined ? {} : { executor: standInExecutor(executor, plugin) }),
    authenticators: authenticators.map((one) => standInAuthenticator(one, plugin)),
    ...(accounts === undefined ? {} : { accounts: accounts.map(fromPlain) as NewAccount[] }),
    probes: probes.map((one) => standInProbe(one, plugin)),
  };
}

function standInExecutor(of: NonNullable<Described['executor']>, plugin: StandInFor): Executor {
  const models = async (context: AccountContext): Promise<readonly ModelInfo[]> => {
    const { peer, works } = plugin.serving();
    return works.during(workOf(context), async (work) => {
      return (await peer.ask('models', { work, account: context.account })).value;
    });
  };
  if (of.kind === 'events') return standInEvents(of, plugin, models);
  const { speaks = {}, speaksFor, passthrough } = of;
  return {
    kind: 'wire',
    models,
    get unlisted() {
      // A getter of an optional key gives what there is, nothing included.
      return plugin.unlisted() as NonNullable<WireExecutor['unlisted']>;
    },
    speaks,
    ...(speaksFor === undefined ? {} : { speaksFor }),
    ...(passthrough === undefined ? {} : { passthrough }),
    send: (call) => send(call, plugin),
  };
}

async function send(call: WireCall, plugin: StandInFor): Promise<WireReply> {
  const { peer, works, ...session } = openSession(plugin);
  call.signal.throwIfAborted();
  const work = works.begin({ ...workOf(call), body: call.body });
  const close = (): void => {
    works.close(work);
    peer.tell('close', { work });
  };
  try {
    const { dialect, operation, stream, path, headers } = call;
    const wish = { ...callWork(call, work), dialect, operation, stream, path, headers };
    const { value } = await peer.ask('send', wish, call.body);
    const reply = session.sentReply(value, close);
    if (typeof reply === 'string') throw pluginFault(plugin.instanceId, reply);
    return reply;
  } catch (error) {
    close();
    throw error;
  }
}

function openSession(plugin: StandInFor) {
  const session = plugin.serving();
  const { peer, works, streams } = session;
  const sentReply = session.sentReply.bind(session);
  return { peer, works, streams, sentReply };
}

function standInEvents(
  { countTokens, embed }: NonNullable<Described['executor']>,
  plugin: StandInFor,
  models: EventExecutor['models'],
): EventExecutor {
  return {
    kind: 'events',
    models,
    get unlisted() {
      return plugin.unlisted() as NonNullable<EventExecutor['unlisted']>;
    },
    run: (request, call) => events(request, call, plugin),
    ...(countTokens && {
      countTokens: async (request, call) => {
        const { peer, works } = plugin.serving();
        return works.during(workOf(call), async (work) => {
          return (await peer.ask('countTokens', { ...callWork(call, work), request })).value;
        });
      },
    }),
    ...(embed && {
      embed: async (request, call) => {
        const { peer, works } = plugin.serving();
        return works.during(workOf(call), async (work) => {
          return (await peer.ask('embed', { ...callWork(call, work), request })).value;
        });
      },
    }),
  };
}

/** A generator only for its laziness: the events themselves come from the iterator below. */
async function* events(
  request: Parameters<EventExecutor['run']>[0],
  call: CallContext,
  plugin: StandInFor,
): AsyncGenerator<never, void, undefined> {
  const { peer, works, streams } = openSession(plugin);
  call.signal.throwIfAborted();
  const work = works.begin(workOf(call));
  try {
    const { value: lent } = await peer.ask('run', { ...callWork(call, work), request });
    if (lent === undefined) {
      throw pluginFault(plugin.instanceId, 'gave something for its events that is not iterable');
    }
    yield* streams.borrowEvents(lent) as AsyncIterable<never>;
  } finally {
    works.close(work);
    peer.tell('close', { work });
  }
}

function standInAuthenticator(
  of: Described['authenticators'][number],
  plugin: StandInFor,
): Authenticator {
  const { id: authenticator, method, refreshWhen, refreshAheadMs } = of;
  const spends = async (credential: Credential): Promise<boolean> => {
    const { peer } = plugin.serving();
    return (await peer.ask('refreshSpends', { authenticator, credential: toPlain(credential) }))
      .value;
  };
  return {
    id: authenticator,
    method,
    ...(refreshWhen === undefined ? {} : { refreshWhen }),
    ...(refreshAheadMs === undefined ? {} : { refreshAheadMs }),
    authorize: (request, credential, context) =>
      authorize(authenticator, request, credential, context, plugin),
    ...(of.login && { login: (session) => login(authenticator, session, plugin) }),
    ...(of.refresh && {
      refresh: async (credential, context) => {
        const { peer, works } = plugin.serving();
        return works.during(authWork(context), async (work) => {
          const wish = { work, authenticator, credential: toPlain(credential) };
          return fromPlain((await peer.ask('refresh', wish)).value) as Credential;
        });
      },
    }),
    // The kernel waits for what it gets; a plugin's own answers at once.
    ...(of.refreshSpends && { refreshSpends: spends as unknown as () => boolean }),
    ...(of.revoke && {
      revoke: async (credential, context) => {
        const { peer, works } = plugin.serving();
        await works.during(authWork(context), (work) =>
          peer.ask('revoke', { work, authenticator, credential: toPlain(credential) }),
        );
      },
    }),
  };
}

async function authorize(
  authenticator: string,
  request: OutgoingRequest,
  credential: Credential,
  context: AuthContext,
  plugin: StandInFor,
): Promise<OutgoingRequest> {
  const { peer, works } = plugin.serving();
  const { method, url, headers } = request;
  return works.during(authWork(context), async (work) => {
    const { value, bytes } = await peer.ask('authorize', {
      work,
      authenticator,
      credential: toPlain(credential),
      request: { method, url, headers },
      of: works.originOf(request),
    });
    // Whoever asked says what is wrong with a plugin that gives nothing back.
    if (value === undefined) return undefined as unknown as OutgoingRequest;
    return requestOf({ value, bytes }, request.body);
  });
}

async function login(
  authenticator: string,
  session: LoginSession,
  plugin: StandInFor,
): Promise<NewAccount> {
  const { peer, works } = plugin.serving();
  const { input, state, previous } = session;
  let onFault: (error: Error) => void = () => undefined;
  const fault = new Promise<never>((_, reject) => (onFault = reject));
  fault.catch(() => undefined);
  return works.during({ ...authWork(session), session, onFault }, async (work) => {
    const wish = { work, authenticator, input: toPlain(input), state, previous };
    const { value } = await Promise.race([peer.ask('login', wish), fault]);
    return fromPlain(value) as NewAccount;
  });
}

function standInProbe(of: Described['probes'][number], plugin: StandInFor): HealthProbe {
  return {
    ...of,
    check: async (context) => {
      const { peer, works } = plugin.serving();
      return works.during(workOf(context), async (work) => {
        const wish = { work, account: context.account, probe: of.id };
        return (await peer.ask('probe', wish)).value as Awaited<ReturnType<HealthProbe['check']>>;
      });
    },
  };
}

function workOf(context: AccountContext): ProcessWork {
  const { signal, http } = context;
  return { signal, http, authorize: (request) => context.authorize(request) };
}

function authWork({ signal, http }: AuthContext): ProcessWork {
  return { signal, http };
}

function callWork(call: CallContext, work: number): CallWork {
  const { account, requestId, attempt, model, sessionKey } = call;
  return { work, account, requestId, attempt, model, sessionKey };
}
