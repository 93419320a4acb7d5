import type { Kernel, LoginView, PluginHealth } from '@cliproxy/kernel';
import { GatewayError } from '@cliproxy/plugin-api';
import type { Exchange } from '../edge/exchange.ts';

/**
 * The plugin instance that a path names: by its id, or as the first one of a plugin. The plugin's id
 * may be written with a slash, such as `some/plugin` for `some-plugin`, and up to one of its dashes,
 * such as `some` for `some-plugin`, where no other plugin's id begins so.
 *
 * @throws GatewayError `CLIENT_NOT_FOUND`
 */
export function instanceNamed(name: string, kernel: Kernel): PluginHealth {
  const { plugins } = kernel.health();
  const pluginId = name.replaceAll('/', '-');
  const alike = plugins.filter(({ plugin }) => plugin.startsWith(`${pluginId}-`));
  const isOne = new Set(alike.map(({ plugin }) => plugin)).size === 1;
  const found =
    plugins.find(({ instanceId }) => instanceId === name) ??
    plugins.find(({ plugin }) => plugin === pluginId) ??
    (isOne ? alike[0] : undefined);
  if (found !== undefined) return found;
  const known = plugins.map(({ instanceId }) => instanceId).join(', ');
  throw new GatewayError(
    'CLIENT_NOT_FOUND',
    `there is no plugin ${JSON.stringify(name.slice(0, 100))}; the configuration has: ${known}`,
  );
}

/**
 * The login that a request is about: the one of that id, or else the newest of the instance.
 *
 * @throws GatewayError `AUTH_LOGIN_UNKNOWN` when there is none of that id.
 */
export function loginOf(
  instanceId: string,
  id: string | undefined,
  kernel: Kernel,
): LoginView | undefined {
  const logins = kernel.logins.list(instanceId);
  if (id === undefined) return logins.at(-1);
  const found = logins.find((login) => login.id === id);
  if (found === undefined) throw loginUnknown(instanceId);
  return found;
}

export function loginUnknown(instanceId: string): GatewayError {
  return new GatewayError(
    'AUTH_LOGIN_UNKNOWN',
    `there is no such login of "${instanceId}"; it may have ended some time ago. Start a new one`,
  );
}

/**
 * The login, once it fits; or as it is when it has ended, the time is over or the client has left.
 *
 * @param timeMs - longest wait.
 */
export async function loginOnce(
  fits: (login: LoginView) => boolean,
  login: LoginView,
  timeMs: number,
  exchange: Exchange,
  kernel: Kernel,
): Promise<LoginView> {
  const waiting = new AbortController();
  const end = (): void => waiting.abort();
  const timer = setTimeout(end, timeMs);
  exchange.res.once('close', end);
  let view = login;
  while (view.endedAtMs === undefined && !fits(view) && !waiting.signal.aborted) {
    view = await kernel.logins.wait(view.id, view.version, waiting.signal);
  }
  clearTimeout(timer);
  exchange.res.off('close', end);
  return view;
}

/** What an operator is told of an instance's accounts, and of a login. */
export function authStatus(
  { instanceId }: Pick<PluginHealth, 'instanceId'>,
  login: LoginView | undefined,
  kernel: Kernel,
): object {
  const { state } = instanceNamed(instanceId, kernel);
  const accounts = kernel.accounts().filter((account) => account.instanceId === instanceId);
  // Accounts, and a login that is known, say for themselves what comes next.
  const begins = state === 'needs-login' && accounts.length === 0 && login === undefined;
  return {
    instance: instanceId,
    state,
    accounts,
    ...(begins && {
      next: `Log an account in: POST /v1/auth/${instanceId}/login, or "cliproxy login ${instanceId}".`,
    }),
    ...(login === undefined ? {} : { login: { ...login, ...nextOf(login) } }),
  };
}

function nextOf({ id, instanceId, state, code, acceptsPaste }: LoginView): {
  readonly next?: string;
} {
  const base = `/v1/auth/${instanceId}`;
  switch (state) {
    case 'done':
      return {};
    case 'starting':
      return { next: `Wait: GET ${base}/status?login=${id}&wait=30` };
    case 'waiting': {
      if (code !== undefined) return { next: 'Open the page of `url` and enter `code` there.' };
      const paste =
        ' If the browser ends at an address that does not open, send that address: ' +
        `POST ${base}/login {"login":"${id}","paste":"…"}`;
      return {
        next: `Open the page of \`url\` in a browser and log in there.${acceptsPaste ? paste : ''}`,
      };
    }
    case 'failed':
    case 'expired':
    case 'cancelled':
      return { next: `Start it again: POST ${base}/login` };
  }
}
