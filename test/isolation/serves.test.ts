import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startScriptedUpstream, startTestGateway } from '@cliproxy/plugin-testkit';
import type { ScriptedUpstream, TestGateway } from '@cliproxy/plugin-testkit';
import { prepareOnce } from '../process/gateway-process.ts';

let gateway: TestGateway | undefined;
let upstream: ScriptedUpstream | undefined;

beforeAll(prepareOnce, 300_000);
afterEach(async () => {
  await gateway?.stop();
  await upstream?.close();
  gateway = upstream = undefined;
});

const isolation = 'process';

const question = (model: string, stream: boolean, content = 'one two three') => ({
  body: { model, stream, messages: [{ role: 'user', content }] },
});

async function childrenOf(instanceId: string) {
  const health = (await (await gateway?.ask('/v1/health'))?.json()) as {
    readonly plugins: readonly {
      readonly instanceId: string;
      readonly state: string;
      readonly children?: readonly {
        readonly name: string;
        readonly state: string;
        readonly pid: number;
      }[];
    }[];
  };
  return health.plugins.find((one) => one.instanceId === instanceId);
}

describe('an isolated instance', () => {
  test('answers by events, and is a process of its own', async () => {
    gateway = await startTestGateway({
      plugins: [{ package: '@cliproxy/plugin-echo', instanceId: 'echo', isolation }],
    });
    const reply = await gateway.ask('/v1/chat/completions', question('echo', false));
    expect(await reply.json()).toMatchObject({
      choices: [{ message: { content: 'one two three' }, finish_reason: 'stop' }],
    });
    const streamed = await gateway.ask('/v1/chat/completions', question('echo', true));
    expect(await streamed.text()).toContain('data: [DONE]');
    const found = await childrenOf('echo');
    expect(found).toMatchObject({ state: 'ready', children: [{ name: 'plugin', state: 'ready' }] });
    expect(found?.children?.[0]?.pid).not.toBe(process.pid);
  });

  test('moves bytes of an upstream', async () => {
    upstream = await startScriptedUpstream();
    const answer = {
      id: 'x',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'well' }, finish_reason: 'stop' },
      ],
    };
    upstream.answer((request) =>
      request.url.endsWith('/models')
        ? {
            body: JSON.stringify({ data: [{ id: 'served' }] }),
            headers: { 'content-type': 'application/json' },
          }
        : { body: JSON.stringify(answer), headers: { 'content-type': 'application/json' } },
    );
    gateway = await startTestGateway({
      plugins: [
        {
          package: '@cliproxy/plugin-openai-compatible',
          instanceId: 'c',
          isolation,
          config: { baseUrl: `${upstream.url}/v1`, apiKeys: ['sk-test-0123456789'] },
        },
      ],
    });
    const reply = await gateway.ask('/v1/chat/completions', question('c/served', false));
    expect(await reply.json()).toEqual(answer);
  });
});
