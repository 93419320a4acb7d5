import { GatewayError } from '@cliproxy/plugin-api';

/** What a service can't be told. @param what - a sentence without its end. */
export function unsupported(what: string): GatewayError {
  const message = `${what}; ask another model`;
  return new GatewayError('CLIENT_UNSUPPORTED', message, {
    failure: { kind: 'bad-request', scope: 'request', message },
  });
}
