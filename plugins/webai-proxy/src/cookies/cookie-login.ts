import { createHash } from 'node:crypto';
import { GatewayError, secret } from '@cliproxy/plugin-api';
import type { Authenticator, Credential, LoginSession, NewAccount } from '@cliproxy/plugin-api';
import type { Service, ServiceKind } from '../config.ts';
import { withKey } from '../service-key.ts';
import type { Asker, KnownKind } from '../service/known-kind.ts';
import type { Cookie } from './cookie.ts';
import { badCookies, parseCookies } from './parse-cookies.ts';
import { loginAtService } from './service-login.ts';
import { uploadCookies } from './upload-cookies.ts';

const AT_SERVICE = 'at the service';

/**
 * Logs a web session in at the service: by its cookies, which are kept in the vault and handed to
 * the service alone, or in a browser that the service opens itself.
 */
export function cookieLogin(service: Service, kinds: KnownKind): Authenticator {
  /** What the service was given since the gateway started; it may have lost it before. */
  const handedOver = new WeakMap<Credential, Promise<void>>();
  return {
    id: 'cookies',
    method: 'token',
    async login(session) {
      if (!service.acceptsRisk) throw riskNotAccepted();
      const account = await logIn(service, kinds, session);
      if (account.credential) handedOver.set(account.credential, Promise.resolve());
      return account;
    },
    async authorize(request, credential, context) {
      let given = handedOver.get(credential);
      if (given === undefined) {
        given = handOver(service, credential, context);
        handedOver.set(credential, given);
        given.catch(() => handedOver.delete(credential));
      }
      await given;
      return withKey(request, service);
    },
    async revoke(credential, context) {
      if (credential.facts?.['login'] === AT_SERVICE) {
        throw new GatewayError('AUTH_LOGIN_FAILED', 'the service keeps its session itself');
      }
      await uploadCookies(service, fileOf(cookiesOf(credential)), [], context);
    },
  };
}

async function logIn(
  service: Service,
  kinds: KnownKind,
  session: LoginSession,
): Promise<NewAccount> {
  const { cookies: given, ...others } = session.input;
  const [odd] = Object.keys(others);
  if (odd !== undefined) throw badCookies(`are all that can be given, not ${odd}`);
  session.progress('asking the service what it is');
  const kind = await kinds.look(session);
  if (given === undefined) {
    if (kind !== 'webai') throw badCookies(`are missing: ${HOW[kind]}`);
    await loginAtService(service, session);
    return {
      key: 'service-login',
      authenticator: 'cookies',
      label: 'session of the service',
      credential: { secrets: {}, facts: { login: AT_SERVICE } },
    };
  }
  if (kind !== 'g4f') throw badCookies(`can't be handed to it: ${HOW[kind]}`);
  if (!service.mayHaveCookies) {
    throw badCookies('leave this machine only with remoteCookies: true; baseUrl is not on it');
  }
  const cookies = parseCookies(given.reveal());
  const file = fileOf(cookies);
  session.progress('handing the cookies to the service');
  await uploadCookies(service, file, cookies, session);
  const domains = [...new Set(cookies.map((cookie) => cookie.domain))];
  return {
    key: file.replace(/^cliproxy-/u, 'cookies-'),
    authenticator: 'cookies',
    label: `cookies of ${domains.slice(0, 3).join(', ')}`,
    credential: { secrets: secretsOf(cookies), facts: { login: 'cookies' } },
  };
}

async function handOver(service: Service, credential: Credential, asker: Asker): Promise<void> {
  const cookies = cookiesOf(credential);
  // Kept from a time when the service was on this machine, or by another configuration.
  if (cookies.length > 0 && service.mayHaveCookies) {
    await uploadCookies(service, fileOf(cookies), cookies, asker);
  }
}

/** Each value is a secret of its own, so that none of them is ever printed. */
function secretsOf(cookies: readonly Cookie[]): Credential['secrets'] {
  return Object.fromEntries(
    cookies.map(({ domain, name, value }) => [`${domain} ${name}`, secret(value)]),
  );
}

function cookiesOf({ secrets }: Credential): readonly Cookie[] {
  return Object.entries(secrets).map(([key, value]) => {
    const [domain = '', name = ''] = key.split(' ');
    return { domain, name, value: value.reveal() };
  });
}

/** One file per set of sites: another login to the same ones takes the place of the former. */
function fileOf(cookies: readonly Cookie[]): string {
  const domains = [...new Set(cookies.map(({ domain }) => domain))].sort();
  return `cliproxy-${createHash('sha256').update(domains.join(' ')).digest('hex').slice(0, 12)}`;
}

/** How a kind of service gets its login. */
const HOW: Readonly<Record<ServiceKind, string>> = {
  g4f: 'gpt4free takes a cookie header of google.com, or an export of any domain, as `cookies`',
  webai:
    'WebAI-to-API takes none over HTTP; put them under [Gemini] of its config.conf, or log in without cookies, in its own browser',
  legacy: 'this older WebAI-to-API takes none over HTTP; put them into its config.conf',
  plain: 'the service does not say that it takes any; set compat where it is known to',
};

function riskNotAccepted(): GatewayError {
  return new GatewayError(
    'AUTH_LOGIN_UNSUPPORTED',
    "a web session is outside its vendor's terms for such use, and the account may be restricted. " +
      'To take that risk, set acceptSubscriptionRisk: true; without it, the service is asked as it is',
  );
}
