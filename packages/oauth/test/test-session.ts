import { randomBytes } from 'node:crypto';
import { secret } from '@cliproxy/plugin-api';
import type { AuthContext, LoginSession } from '@cliproxy/plugin-api';
import { LoginBrowser } from '@cliproxy/plugin-testkit';
import { httpClient } from './http-client.ts';

type Query = Readonly<Record<string, string>>;

/** A login as the gateway holds it, with a person who does what she is asked to. */
export interface TestSession extends LoginSession {
  readonly opened: readonly string[];
  readonly codes: readonly (readonly [url: string, code: string])[];
  /** What the vendor sent the browser back with. */
  readonly query: () => Query;
}

export interface TestSessionOptions {
  readonly signal?: AbortSignal;
  readonly input?: Readonly<Record<string, string>>;
  readonly facts?: Readonly<Record<string, string>>;
  /** What arrives instead of what the vendor sent. */
  readonly onTheWay?: (query: Query) => Query | Promise<Query>;
  /** What the person does with a device code. */
  readonly onCode?: (url: string, code: string) => Promise<void>;
}

/** Everything that was logged. */
export const logged: string[] = [];
const log = (text: string, fields?: object) =>
  void logged.push(`${text} ${JSON.stringify(fields ?? {})}`);
const logger = { debug: log, info: log, warn: log, error: log };

export function authContext(signal = new AbortController().signal): AuthContext {
  return { signal, http: httpClient, logger };
}

export function testSession(options: TestSessionOptions = {}): TestSession {
  const { input = {}, facts, onTheWay = (query: Query) => query, onCode } = options;
  const opened: string[] = [];
  const codes: [string, string][] = [];
  let sent: Query = {};
  return {
    ...authContext(options.signal),
    input: Object.fromEntries(Object.entries(input).map(([name, text]) => [name, secret(text)])),
    state: randomBytes(32).toString('base64url'),
    ...(facts === undefined ? {} : { previous: { id: 'test/me', label: 'me', facts } }),
    opened,
    codes,
    query: () => sent,
    redirectUri: async ({ port = 49_152, path }) => `http://127.0.0.1:${port}${path}`,
    open: (url) => void opened.push(url),
    showCode: (url, code) => {
      codes.push([url, code]);
      void onCode?.(url, code);
    },
    progress: () => undefined,
    callback: async () => {
      const page = opened.at(-1) ?? '';
      const until = new URL(page).searchParams.get('redirect_uri') ?? page;
      const back = await new LoginBrowser().visit(page, { until });
      sent = Object.fromEntries(new URL(back.url).searchParams);
      return onTheWay(sent);
    },
  };
}
