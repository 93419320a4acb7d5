import { randomBytes } from 'node:crypto';
import { GatewayError, readBody } from '@cliproxy/plugin-api';
import type { OutgoingRequest } from '@cliproxy/plugin-api';
import type { Service } from '../config.ts';
import { isObject } from '../json-object.ts';
import { withKey } from '../service-key.ts';
import type { Asker } from '../service/known-kind.ts';
import type { Cookie } from './cookie.ts';

const MAX_ANSWER_BYTES = 64 * 1024;

const REMEDIES: Readonly<Record<number, string>> = {
  401: 'set apiKey',
  403: 'set apiKey',
  // It makes its folder at no other time.
  500: 'start it with --cookies-dir',
};

/**
 * Hands cookies to gpt4free's API server, which keeps them in a file of its own; an empty list takes
 * those of a former hand-over away.
 *
 * @param name - of the file, without its end; the same one replaces the former cookies.
 * @throws GatewayError `AUTH_LOGIN_FAILED` where the server does not take them, `UPSTREAM_*` where it
 *   is not there.
 * @see https://github.com/xtekky/gpt4free/blob/main/g4f/api/__init__.py, `/v1/upload_cookies`
 */
export async function uploadCookies(
  service: Service,
  name: string,
  cookies: readonly Cookie[],
  { http, signal }: Asker,
): Promise<void> {
  const file = `${name}.json`;
  const request = withKey(upload(`${service.root}/v1/upload_cookies`, file, cookies), service);
  const reply = await http.request(request, signal);
  const answer = await readBody(reply, MAX_ANSWER_BYTES);
  if (reply.status !== 200) {
    const remedy = REMEDIES[reply.status];
    const what = `answered ${reply.status} to the cookies`;
    throw refused(remedy === undefined ? what : `${what}: ${remedy}`);
  }
  if (!names(answer).includes(file)) {
    throw refused('keeps no cookies: start it without --ignore-cookie-files');
  }
}

function upload(url: string, file: string, cookies: readonly Cookie[]): OutgoingRequest {
  const boundary = `cliproxy-${randomBytes(12).toString('hex')}`;
  const body = [
    `--${boundary}`,
    `content-disposition: form-data; name="files"; filename="${file}"`,
    'content-type: application/json',
    '',
    JSON.stringify(cookies),
    `--${boundary}--`,
    '',
  ].join('\r\n');
  return {
    method: 'POST',
    url,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.from(body),
  };
}

function names(answer: Buffer): readonly unknown[] {
  try {
    const files: unknown = JSON.parse(answer.toString());
    return Array.isArray(files)
      ? (files as readonly unknown[]).map((file) => (isObject(file) ? file['filename'] : undefined))
      : [];
  } catch {
    return [];
  }
}

function refused(what: string): GatewayError {
  return new GatewayError('AUTH_LOGIN_FAILED', `the service ${what}`);
}
