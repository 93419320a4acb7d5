import { GatewayError } from '@cliproxy/plugin-api';

/** The account has to log in again, and nothing else helps. */
export function needsLogin(reason: string): GatewayError {
  return new GatewayError('AUTH_NEEDS_LOGIN', `${reason}; log in again`, {
    failure: { kind: 'auth', scope: 'account' },
  });
}

/** A login has come to no account. What there was before still holds. */
export function loginFailed(reason: string): GatewayError {
  return new GatewayError('AUTH_LOGIN_FAILED', `the login failed: ${reason}`);
}

/** Whoever began the login asked for something that there is not. */
export function badWish(name: string, problem: string): GatewayError {
  return new GatewayError('CLIENT_BAD_REQUEST', `\`${name}\` ${problem}`);
}

/** Something in the options is wrong. */
export function badOption(name: string, problem: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `OAuth: ${name} ${problem}`);
}
