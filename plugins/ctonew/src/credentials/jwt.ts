import { GatewayError } from '@cliproxy/plugin-api';
import type { JsonObject } from '../json-object.ts';
import { parseObject } from '../json-object.ts';

const PARTS = ['first', 'second', 'third'] as const;
const BASE64URL = /^[A-Za-z0-9_-]+$/u;

/**
 * What a JSON Web Token says. Its signature is its issuer's to check, not ours.
 *
 * @param name - what the token is called in errors; they never show any of it.
 * @throws GatewayError `CLIENT_BAD_REQUEST` with what is wrong with its form.
 */
export function jwtClaims(token: string, name: string): JsonObject {
  if (/\s/u.test(token)) {
    throw badInput(`${name} has white space inside: copy it as one line, without a line break`);
  }
  const parts = token.split('.');
  if (parts.length !== PARTS.length) {
    throw badInput(
      `${name} is no JWT: it has ${parts.length} part${parts.length === 1 ? '' : 's'} where a JWT ` +
        'has three, with dots between them; copy all of it',
    );
  }
  for (const [index, part] of parts.entries()) {
    if (BASE64URL.test(part) && part.length % 4 !== 1) continue;
    throw badInput(`${name} is no JWT: its ${PARTS[index]} part is not base64url; copy all of it`);
  }
  const [header, payload] = parts.map((part) => parseObject(decoded(part)));
  if (header === undefined || payload === undefined) {
    const part = header === undefined ? 'first' : 'second';
    throw badInput(`${name} is no JWT: its ${part} part is no JSON object; copy all of it`);
  }
  return payload;
}

/** What a token says, where it is a JWT at all. */
export function claimsIfAny(token: string): JsonObject | undefined {
  return parseObject(decoded(token.split('.')[1] ?? ''));
}

/** A credential that was given to us and can't be one. */
export function badInput(message: string): GatewayError {
  return new GatewayError('CLIENT_BAD_REQUEST', message, {
    failure: { kind: 'bad-request', scope: 'request' },
  });
}

function decoded(part: string): string {
  return Buffer.from(part, 'base64url').toString();
}
