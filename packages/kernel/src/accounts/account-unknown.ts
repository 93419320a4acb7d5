import { GatewayError } from '@cliproxy/plugin-api';

/** Nobody has an account of that id. */
export function accountUnknown(accountId: string): GatewayError {
  return new GatewayError(
    'AUTH_ACCOUNT_UNKNOWN',
    `there is no account ${JSON.stringify(accountId)}; cliproxy accounts lists them`,
  );
}
