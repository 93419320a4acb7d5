import type { AccountView, LoginView, PluginHealth } from '@cliproxy/kernel';
import { GatewayError, errorTable } from '@cliproxy/plugin-api';
import { answerJson, writeAnswer } from '../edge/answer.ts';
import type { ServerContext } from '../edge/server-context.ts';
import { authAnswer, loginRequest, logoutAnswer, page, ticketAnswer } from '../schemas/accounts.ts';
import type { JsonSchema } from '../schemas/json-schema.ts';
import { authStatus, instanceNamed, loginOf, loginOnce, loginUnknown } from './auth-status.ts';
import { readJsonObject } from './json-object.ts';
import { readLoginBody } from './login-body.ts';
import type { LoginBody } from './login-body.ts';
import type { Route, RouteHandler } from './route.ts';

/** How long an answer waits for a login to have something to show: a page, a code, its end. */
const SHOWS_MS = 10_000;
const MAX_WAIT_S = 60;

const LOGIN: JsonSchema = { type: 'string', description: 'id of a login; default: the newest' };
const STATUS_QUERY: JsonSchema = {
  type: 'object',
  properties: {
    login: LOGIN,
    wait: {
      type: 'integer',
      minimum: 0,
      maximum: MAX_WAIT_S,
      description: 'seconds to wait for a change of the login, or without ?seen= for its end',
    },
    seen: { type: 'integer', description: 'the version of the login that is known' },
  },
};

/** `POST …/login`: begins a login, or takes what was pasted into one. */
const logIn: RouteHandler = async (exchange, _grant, context, { named }) => {
  const { kernel } = context;
  const instance = instanceNamed(named, kernel);
  const body = readLoginBody(await readJsonObject(exchange, context));
  const login =
    body.paste === undefined
      ? await loginOnce(
          hasBegun,
          kernel.logins.start(wishOf(instance.instanceId, body)),
          SHOWS_MS,
          exchange,
          kernel,
        )
      : await loginOnce(
          () => false,
          kernel.logins.paste(waitingLogin(instance, body, context).id, body.paste),
          SHOWS_MS,
          exchange,
          kernel,
        );
  const failure = failureOf(login);
  if (failure !== undefined) throw failure;
  answerJson(exchange, context.draining, authStatus(instance, login, kernel));
};

/** `POST …/ticket`. */
const giveTicket: RouteHandler = (exchange, _grant, context, { named }) => {
  const { instanceId } = instanceNamed(named, context.kernel);
  const path = `/v1/auth/${encodeURIComponent(instanceId)}/login`;
  const { ticket, expiresAtMs } = context.tickets.issue(path);
  answerJson(exchange, context.draining, { path: `${path}?ticket=${ticket}`, expiresAtMs });
};

/** `GET …/login`: leads a browser to the vendor; to somebody else it answers as `POST` does. */
const leadToVendor: RouteHandler = async (exchange, _grant, context, { named }) => {
  if (exchange.method !== 'GET') {
    throw new GatewayError('CLIENT_METHOD_NOT_ALLOWED', 'a login is begun by GET or POST');
  }
  const { kernel, draining } = context;
  const instance = instanceNamed(named, kernel);
  const begun = kernel.logins.start(wishOf(instance.instanceId, { input: {} }));
  const login = await loginOnce(hasBegun, begun, SHOWS_MS, exchange, kernel);
  const failure = failureOf(login);
  if (failure !== undefined) throw failure;
  if (login.url === undefined || login.code !== undefined) {
    answerJson(exchange, draining, authStatus(instance, login, kernel));
    return;
  }
  writeAnswer(exchange, draining, {
    status: 303,
    headers: {
      location: login.url,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-type': 'text/plain; charset=utf-8',
    },
    body: Buffer.from(`${login.url}\n`),
  });
};

/** `GET …/status`. */
const status: RouteHandler = async (exchange, _grant, context, { named, query }) => {
  const { kernel } = context;
  const instance = instanceNamed(named, kernel);
  const waitMs = (query.count('wait') ?? 0) * 1000;
  const seen = query.count('seen');
  let login = loginOf(instance.instanceId, query.text('login'), kernel);
  if (login !== undefined && waitMs > 0) {
    const news = ({ version }: LoginView): boolean => seen !== undefined && version > seen;
    login = await loginOnce(news, login, waitMs, exchange, kernel);
  }
  answerJson(exchange, context.draining, authStatus(instance, login, kernel));
};

/** `DELETE …/login`. */
const cancel: RouteHandler = (exchange, _grant, context, { named, query }) => {
  const { kernel } = context;
  const instance = instanceNamed(named, kernel);
  const login = loginOf(instance.instanceId, query.text('login'), kernel);
  if (login === undefined) throw loginUnknown(instance.instanceId);
  const ended = kernel.logins.cancel(login.id);
  answerJson(exchange, context.draining, authStatus(instance, ended, kernel));
};

/**
 * `GET …/callback`: where a browser comes back to. The state in the query, which nobody else knows,
 * stands for a key.
 */
const callback: RouteHandler = async (exchange, _grant, context) => {
  if (exchange.method !== 'GET') {
    // What looks at links before a person does must not use one up.
    throw new GatewayError('CLIENT_METHOD_NOT_ALLOWED', 'the end of a login comes by GET');
  }
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(exchange.query)) {
    if (!Object.hasOwn(query, name)) query[name] = value;
  }
  const { body, ...head } = await context.kernel.logins.callback(query);
  writeAnswer(exchange, context.draining, { ...head, body: Buffer.from(body) });
};

/** `DELETE /v1/auth/{instance}`. */
const logOut: RouteHandler = async (exchange, _grant, context, { named, query }) => {
  const { kernel, draining } = context;
  const { instanceId } = instanceNamed(named, kernel);
  const loggedIn = kernel
    .accounts()
    .filter((account) => account.instanceId === instanceId && account.source === 'logged-in');
  const accountId = accountToEnd(instanceId, query.text('account'), loggedIn);
  const leaving = new AbortController();
  exchange.res.once('close', () => leaving.abort());
  answerJson(exchange, draining, await kernel.logins.logout(accountId, leaving.signal));
};

/** Logs accounts in and out. The instance may also be named by its plugin: see `instanceNamed`. */
export const authRoutes: readonly Route[] = [
  loginRoute('/v1/auth/{instance}/login', 'Begins a login, or takes what was pasted into one'),
  {
    method: 'POST',
    path: '/v1/auth/{instance}/ticket',
    access: 'admin',
    summary: 'A path that a browser can begin a login at: once, within a minute, without a key',
    bodyOptional: true,
    answers: { 'application/json': ticketAnswer },
    handle: giveTicket,
  },
  {
    method: 'GET',
    path: '/v1/auth/{instance}/login',
    access: 'ticket',
    summary: 'Begins a login, and leads the browser to the vendor',
    query: {
      type: 'object',
      properties: { ticket: { type: 'string', description: 'in the place of a key' } },
    },
    answers: { 'application/json': authAnswer },
    handle: leadToVendor,
  },
  {
    method: 'GET',
    path: '/v1/auth/{instance}/status',
    access: 'admin',
    summary: "An instance's accounts, and its newest login; waits for news of it with ?wait=",
    query: STATUS_QUERY,
    answers: { 'application/json': authAnswer },
    handle: status,
  },
  {
    method: 'GET',
    path: '/v1/auth/{instance}/callback',
    access: 'anyone',
    summary: 'Where a browser comes back to from a vendor that allows any address',
    answers: { 'text/html': page },
    handle: callback,
  },
  {
    method: 'DELETE',
    path: '/v1/auth/{instance}/login',
    access: 'admin',
    summary: 'Ends a login that is under way',
    query: { type: 'object', properties: { login: LOGIN } },
    answers: { 'application/json': authAnswer },
    handle: cancel,
  },
  loginRoute('/v1/auth/{instance}', 'The same as POST /v1/auth/{instance}/login'),
  {
    method: 'DELETE',
    path: '/v1/auth/{instance}',
    access: 'admin',
    summary: 'Logs an account out, at the vendor too where that can be',
    query: {
      type: 'object',
      properties: {
        account: { type: 'string', description: 'its id; may be left out where there is one' },
      },
    },
    answers: { 'application/json': logoutAnswer },
    handle: logOut,
  },
];

function loginRoute(path: string, summary: string): Route {
  return {
    method: 'POST',
    path,
    access: 'admin',
    summary,
    body: loginRequest,
    bodyOptional: true,
    answers: { 'application/json': authAnswer },
    handle: logIn,
  };
}

function wishOf(instanceId: string, { authenticator, account, callbackUrl, input }: LoginBody) {
  return {
    instanceId,
    input,
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(account === undefined ? {} : { previous: accountId(instanceId, account) }),
    ...(callbackUrl === undefined ? {} : { gatewayCallback: callbackUrl }),
  };
}

function waitingLogin(
  { instanceId }: PluginHealth,
  { login: id }: LoginBody,
  { kernel }: ServerContext,
): LoginView {
  const login =
    id === undefined
      ? kernel.logins.list(instanceId).findLast(({ acceptsPaste }) => acceptsPaste)
      : loginOf(instanceId, id, kernel);
  if (login === undefined) throw loginUnknown(instanceId);
  return login;
}

const hasBegun = ({ state }: LoginView): boolean => state !== 'starting';

/** So that a script sees by the status that nobody was logged in. */
function failureOf({ state, error }: LoginView): GatewayError | undefined {
  if (state === 'done' || error === undefined) return undefined;
  const code = Object.hasOwn(errorTable, error.code) ? error.code : 'AUTH_LOGIN_FAILED';
  return new GatewayError(code, error.message);
}

function accountToEnd(
  instanceId: string,
  named: string | undefined,
  loggedIn: readonly AccountView[],
): string {
  if (named !== undefined) return accountId(instanceId, named);
  const [only, another] = loggedIn;
  if (only === undefined) {
    throw new GatewayError('AUTH_ACCOUNT_UNKNOWN', `nobody is logged in to "${instanceId}"`);
  }
  if (another === undefined) return only.id;
  const names = loggedIn.map(({ id, label }) => `${id} (${label})`).join(', ');
  throw new GatewayError(
    'AUTH_ACCOUNT_AMBIGUOUS',
    `several accounts are logged in to "${instanceId}"; name one with --account or ?account=: ${names}`,
  );
}

/** An account by its id, or by the part of it behind the instance. */
function accountId(instanceId: string, named: string): string {
  return named.includes('/') ? named : `${instanceId}/${named}`;
}
