import { GatewayError } from '@cliproxy/plugin-api';
import type { SocketHead } from '@cliproxy/plugin-api';
import { CLIENT_ID_PATTERN, credentialPrefixes, SUBPROTOCOL_V2 } from '../envelope/v2.ts';
import type { Bearer, RelayTokens } from './relay-tokens.ts';

/** A page that may connect. */
export type AdmittedPage =
  | { readonly version: 1; readonly bearer: Bearer; readonly clientId?: string }
  | { readonly version: 2; readonly bearer: Bearer };

/**
 * Reads what a page shows. Version 2 offers its subprotocol and one credential as another; version 1
 * has a relay token in its address, since a browser can set no header.
 *
 * @throws GatewayError `CLIENT_UNAUTHORIZED`
 */
export function admitPage({ url, protocols }: SocketHead, tokens: RelayTokens): AdmittedPage {
  if (protocols.includes(SUBPROTOCOL_V2)) {
    const shown = protocols.filter((one) => one !== SUBPROTOCOL_V2);
    const [credential = '', another] = shown;
    const bearer = another === undefined ? bearerOf(credential, tokens) : undefined;
    if (bearer === undefined) throw refusal(tokens);
    return { version: 2, bearer };
  }
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  const bearer = tokens.token(query.get('auth_token') ?? query.get('key') ?? '');
  if (bearer === undefined) throw refusal(tokens);
  // So that a page of version 1, too, is known again, and its former connection put out.
  const client = query.get('client') ?? '';
  return CLIENT_ID_PATTERN.test(client)
    ? { version: 1, bearer, clientId: client }
    : { version: 1, bearer };
}

function bearerOf(credential: string, tokens: RelayTokens): Bearer | undefined {
  const { ticket, resume, token } = credentialPrefixes;
  if (credential.startsWith(ticket)) return tokens.ticket(credential.slice(ticket.length));
  if (credential.startsWith(resume)) return tokens.resume(credential.slice(resume.length));
  if (!credential.startsWith(token)) return undefined;
  return tokens.token(Buffer.from(credential.slice(token.length), 'base64url').toString());
}

function refusal(tokens: RelayTokens): GatewayError {
  return new GatewayError(
    'CLIENT_UNAUTHORIZED',
    tokens.any
      ? 'the relay page shows no relay token, ticket or resume token that counts; give it one of relayTokens, or a new ticket'
      : 'no relay token is configured; add one to relayTokens of the plugin, or give the page a ticket',
  );
}
