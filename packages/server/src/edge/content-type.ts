import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '@cliproxy/plugin-api';

/**
 * Insists on a body that is declared as JSON. A page of any origin can send forms and plain text
 * without asking first; a JSON content type makes its browser ask.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED_MEDIA_TYPE`
 */
export function requireJson(headers: IncomingHttpHeaders): void {
  const declared = headers['content-type'];
  const type = (declared ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw new GatewayError(
      'CLIENT_UNSUPPORTED_MEDIA_TYPE',
      declared === undefined
        ? 'the request has no content-type; send content-type: application/json'
        : `content-type ${JSON.stringify(declared.slice(0, 100))} is not JSON; ` +
            'send content-type: application/json',
    );
  }
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (coding !== 'identity' && coding !== '') {
    throw new GatewayError(
      'CLIENT_UNSUPPORTED_MEDIA_TYPE',
      `content-encoding ${JSON.stringify(coding.slice(0, 100))} is not taken; send the body as it is`,
    );
  }
}
