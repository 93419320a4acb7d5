import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { OutgoingRequest } from '@cliproxy/plugin-api';
import type { CtonewService } from '../config.ts';
import { listUpstreamIds } from './list-models.ts';

const list = (mode: CtonewService['mode'], status: number, body: string, models: string[] = []) => {
  const service = { mode, models, api: 'http://a.example', origin: 'http://o.example' };
  const sent: OutgoingRequest[] = [];
  const request = async (one: OutgoingRequest) => {
    sent.push(one);
    return { status, headers: {}, body: Readable.from([Buffer.from(body)]) };
  };
  const { signal } = new AbortController();
  const clock = { now: () => 0 };
  return listUpstreamIds({ ...service, clock } as unknown as CtonewService, {
    http: { request },
    signal,
  });
};

test.each([
  ['cli', '{"data":[{"id":"a"},{"id":"a"},{"id":""},{"id":7},null,"b"]}', ['a']],
  ['cli', '[{"id":"a"}]', ['a']],
  ['web', '[{"key":"gpt_5","engineAgentKey":"GPT5"},{"key":"b"}]', ['GPT5']],
  ['web', '{"data":[{"engineAgentKey":"GPT5"}]}', ['GPT5']],
] as const)('mode %s reads %s', async (mode, body, ids) => {
  await expect(list(mode, 200, body)).resolves.toEqual(ids);
});

test('what is configured comes first, and counts where there is no list', async () => {
  await expect(list('cli', 200, '[{"id":"a"}]', ['b', 'a'])).resolves.toEqual(['b', 'a']);
  await expect(list('cli', 500, '', ['b'])).resolves.toEqual(['b']);
  await expect(list('web', 404, '')).resolves.toEqual(['ClaudeSonnet4_5', 'GPT5']);
});

test.each([
  ['cli', 404, '', 'UPSTREAM_NOT_FOUND', 'GET /models answered 404'],
  ['cli', 401, '', 'UPSTREAM_AUTH', 'GET /models answered 401'],
  ['cli', 200, '<html>', 'UPSTREAM_BAD_ANSWER', 'GET /models answered with no list'],
  ['web', 200, '{"data":7}', 'UPSTREAM_BAD_ANSWER', 'GET /chat/adapters answered with no list'],
  ['web', 503, '', 'UPSTREAM_OVERLOADED', 'GET /chat/adapters answered 503'],
] as const)('mode %s with %i %s', async (mode, status, body, code, message) => {
  await expect(list(mode, status, body)).rejects.toMatchObject({ code, message });
});
