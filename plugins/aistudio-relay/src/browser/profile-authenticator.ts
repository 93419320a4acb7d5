import { GatewayError } from '@cliproxy/plugin-api';
import type { Authenticator, NewAccount } from '@cliproxy/plugin-api';
import type { BrowserService } from './browser-service.ts';

/** The authenticator's id, which the manifest names. */
const PROFILE_AUTHENTICATOR = 'browser';

/**
 * Logs accounts in whose session stays in a browser profile: the account holds its name, and no
 * secret.
 */
export function profileAuthenticator(
  browsers: Pick<BrowserService, 'profiles' | 'login' | 'clear'>,
): Authenticator {
  return {
    id: PROFILE_AUTHENTICATOR,
    method: 'browser',
    async authorize() {
      throw new GatewayError(
        'AUTH_NEEDS_LOGIN',
        'a browser profile authorizes what its own page asks, and nothing else',
      );
    },
    async login(session): Promise<NewAccount> {
      const { input, previous, signal } = session;
      const wished = input['profile']?.reveal() ?? previous?.facts['profile'];
      const profile = choose(browsers.profiles, wished);
      const { sessionEndsMs } = await browsers.login(profile, {
        signal,
        progress: (text) => session.progress(text),
      });
      return {
        key: profile,
        authenticator: PROFILE_AUTHENTICATOR,
        label: `profile ${profile}`,
        credential: {
          secrets: {},
          facts: {
            profile,
            ...(sessionEndsMs === undefined
              ? {}
              : { sessionEnds: new Date(sessionEndsMs).toISOString() }),
          },
        },
      };
    },
    async revoke({ facts }, { signal }) {
      const profile = facts?.['profile'];
      if (profile === undefined || !browsers.profiles.includes(profile)) {
        throw new GatewayError(
          'AUTH_LOGIN_FAILED',
          `the browser profile stays on disk: no page is configured for it any more`,
        );
      }
      await browsers.clear(profile, signal);
    },
  };
}

function choose(profiles: readonly string[], wished: string | undefined): string {
  const [only, ...others] = profiles;
  if (only === undefined) {
    throw new GatewayError(
      'AUTH_LOGIN_FAILED',
      'there is no page to log in for: name one under browser.pages in the configuration',
    );
  }
  if (wished !== undefined && profiles.includes(wished)) return wished;
  if (wished === undefined && others.length === 0) return only;
  throw new GatewayError(
    'AUTH_LOGIN_FAILED',
    `${wished === undefined ? 'several profiles are configured' : `there is no profile ${JSON.stringify(wished.slice(0, 40))}`}; name one of: ${profiles.join(', ')}`,
  );
}
