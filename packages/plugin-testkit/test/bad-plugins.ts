import type { PluginTwist } from './plugin-package.ts';

/** A plugin that is bad in one way, and the check that is meant for it. */
export interface BadPlugin extends PluginTwist {
  readonly id: string;
  readonly what: string;
  /** What the report says was seen. */
  readonly seen: RegExp;
}

/** A reply whose body passes through `out`, with both ends tied together. */
const piped = (work: string): string => `const reply = await post(call, call.signal);
  if (reply.status !== 200) return reply;
  const out = new PassThrough({ highWaterMark: 1 << 30 });
  out.on('close', () => reply.body.destroy());
  out.on('error', () => undefined);
  ${work}
  return { ...reply, body: out };`;

/** What plugins do wrong; each is caught by one check and by no other. */
export const badPlugins: readonly BadPlugin[] = [
  {
    id: 'config-example',
    what: 'gives an example that its own schema refuses',
    schema: `{ examples: [{ baseUrl: 'https://api.example.com/v1', colour: 'red' }] }`,
    seen: /colour/u,
  },
  {
    id: 'manifest',
    what: 'is made for another version of the contract',
    manifest: { apiVersion: '0.9' },
    seen: /PLUGIN_API_VERSION.*0\.9/u,
  },
  {
    id: 'import-quiet',
    what: 'sets a timer while it is imported',
    top: 'setInterval(() => undefined, 60_000).unref();',
    seen: /sets a timer \(setInterval\) at .*index\.js:\d+/u,
  },
  {
    id: 'import-quiet',
    what: 'writes a file while it is imported',
    top: `import fs from 'node:fs'; import { fileURLToPath } from 'node:url';
      fs.writeFileSync(fileURLToPath(new URL('left-behind', import.meta.url)), '');`,
    seen: /writes a file \(fs\.writeFileSync\)/u,
  },
  {
    id: 'import-quiet',
    what: 'connects while it is imported',
    top: `net.connect(9, '127.0.0.1').on('error', () => undefined);`,
    seen: /connects to a host/u,
  },
  {
    id: 'contributions',
    what: 'names a probe in its manifest that it has not',
    manifest: {
      provides: { executor: true, authenticators: ['key'], probes: ['upstream', 'other'] },
    },
    seen: /PLUGIN_BAD_CONTRIBUTION.*other/u,
  },
  {
    id: 'contributions',
    what: 'names an authenticator that no example turns on',
    manifest: {
      provides: { executor: true, authenticators: ['key', 'sign-in'], probes: ['upstream'] },
    },
    seen: /sign-in under none/u,
  },
  {
    id: 'config-unknown',
    what: 'takes keys that it does not know',
    schema: '{ additionalProperties: true }',
    seen: /it was taken/u,
  },
  {
    id: 'disposal',
    what: 'leaves a timer behind',
    setup: 'setInterval(() => undefined, 60_000).unref();',
    seen: /setInterval.* at .*index\.js/u,
  },
  {
    id: 'disposal',
    what: 'leaves a port open',
    setup: `const server = net.createServer().listen(0, '127.0.0.1').unref();`,
    seen: /open file or socket|TCPServer/iu,
  },
  {
    id: 'answers',
    what: 'asks at an address that the upstream has not',
    send: `return post({ ...call, path: '/chat' }, call.signal);`,
    seen: /status 404/u,
  },
  {
    id: 'answers',
    what: 'fails in a hook, and lets requests pass without it',
    manifest: { apiVersion: '1.1', provides: { hooks: ['h'] }, permissions: {} },
    schema: '{ required: [], examples: [{}] }',
    setup: `return { hooks: [{
      id: 'h', needs: ['events'], onFailure: 'continue',
      onEvents: () => ({ push: (event) => (event.type === 'delta' ? undefined : [event]) }),
    }] };`,
    seen: /hook "h" of .* no list of events/u,
  },
  {
    id: 'models',
    what: 'has no list of models',
    models: `throw new Error('not yet');`,
    seen: /not yet/u,
  },
  {
    id: 'stream-end',
    what: 'says twice that a stream has ended',
    send: `const reply = await post(call, call.signal);
      if (reply.status !== 200 || !call.stream) return reply;
      let all = '';
      const out = new Transform({
        transform(chunk, _encoding, done) { all = (all + chunk).slice(-200); done(undefined, chunk); },
        flush(done) { done(undefined, all.includes('[DONE]') ? 'data: [DONE]\\n\\n' : undefined); },
      });
      pipeline(reply.body, out, () => undefined);
      return { ...reply, body: out };`,
    seen: /ends/u,
  },
  {
    id: 'errors',
    what: 'throws an error of its own at any status but 200',
    send: `const reply = await post(call, call.signal);
      if (reply.status === 200) return reply;
      reply.body.destroy();
      throw new Error('bad status');`,
    seen: /PLUGIN_FAULT/u,
  },
  {
    id: 'hosts',
    what: 'connects past the gateway',
    send: `net.connect({ host: '127.0.0.1', port: 9 }).on('error', () => undefined);
      return post(call, call.signal);`,
    seen: /one to 127\.0\.0\.1:9/u,
  },
  {
    id: 'hosts',
    what: 'asks a host that its manifest does not name',
    probe: `await context.http.request({ method: 'GET', url: 'http://127.0.0.2/', headers: {} }, context.signal)
        .catch((error) => logger.warn(String(error)));
      return { status: 'up' };`,
    seen: /PLUGIN_HOST_FORBIDDEN|may not reach the host 127\.0\.0\.2/u,
  },
  {
    id: 'secrets',
    what: 'logs the beginning of a key',
    setup: `for (const one of config.apiKeys) logger.info('using ' + one.slice(0, 12) + '…');`,
    seen: /characters of a secret in what the plugin gave its logger/u,
  },
  {
    id: 'secrets',
    what: 'has a key that is not marked as a secret',
    schema: `{ properties: { ...schema.properties, adminToken: { type: 'string', nullable: true } } }`,
    seen: /"adminToken" sounds like one/u,
  },
  {
    id: 'abort',
    what: 'does not listen to the signal of a call',
    send: 'return post(call, new AbortController().signal);',
    seen: /went on, 3 times of 3/u,
  },
  {
    id: 'back-pressure',
    what: 'reads whatever comes',
    send: piped(`reply.body.on('data', (chunk) => out.write(chunk));
      reply.body.on('error', (error) => out.destroy(error));
      reply.body.on('end', () => out.end());`),
    seen: /KiB were taken from it, and more/u,
  },
  {
    id: 'broken-stream',
    what: 'makes a broken stream whole',
    send: `const reply = await post(call, call.signal);
      if (reply.status !== 200 || !call.stream) return reply;
      const out = new PassThrough();
      out.on('close', () => reply.body.destroy());
      reply.body.on('error', () => out.end(
        '\\n\\ndata: {"choices":[{"index":0,"delta":{"content":"."},"finish_reason":"stop"}]}\\n\\ndata: [DONE]\\n\\n',
      ));
      reply.body.pipe(out);
      return { ...reply, body: out };`,
    seen: /what looks like a whole answer/u,
  },
  {
    id: 'probes',
    what: 'has a probe that does not listen to its signal',
    probe: `const { body } = await context.http.request(list, new AbortController().signal);
      body.destroy();
      return { status: 'up' };`,
    seen: /"upstream" went on/u,
  },
  {
    id: 'accounts',
    what: 'remembers the key of the last account',
    top: 'let last;',
    authorize: `last = credential.secrets.apiKey.reveal(); await turn(); return withKey(request, last);`,
    seen: /another account's/u,
  },
];
