import type { Authenticator, OutgoingRequest } from '@cliproxy/plugin-api';
import type { Service } from './config.ts';

/** Puts the key on each request that the service itself asks for, where one is configured. */
export function serviceKey(service: Service): Authenticator {
  return {
    id: 'service',
    method: 'api-key',
    authorize: async (request) => withKey(request, service),
  };
}

/** A request with what the service asks for. */
export function withKey(request: OutgoingRequest, { keyHeaders }: Service): OutgoingRequest {
  return { ...request, headers: { ...request.headers, ...keyHeaders } };
}
