import { openPluginFolder } from '../plugins/plugin-folder.ts';
import type { PluginFolder } from '../plugins/plugin-folder.ts';

/**
 * A plugin that does in its process what a request's last message says; anything else is sent to the
 * upstream that its configuration names.
 */
const SOURCE = `
import { apiKeyAccounts, configSchema, definePlugin } from '@cliproxy/plugin-api';
import { once } from 'node:events';
import { Readable, Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
const any = { type: 'object', additionalProperties: true, required: [], properties: {} };
const seen = { aborted: 0, closed: [] };
const frame = (content) => Buffer.from('data: ' + JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content } }] }) + '\\n\\n');
const sse = (body) => ({ status: 200, headers: { 'content-type': 'text/event-stream' }, body });
const text = (content) => ({ status: 200, headers: { 'content-type': 'application/json' }, body: Readable.from([Buffer.from(JSON.stringify({ id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }] }))]) });
let kept;
const deeds = {
  loop: () => { for (;;); },
  alloc: async () => { kept = []; for (let i = 0; i < 10; i++) { kept.push(Buffer.alloc(100e6, 1)); await new Promise(setImmediate); } return new Promise(() => {}); },
  heap: () => { kept = []; for (;;) kept.push(new Array(1000).fill(Math.random())); },
  exit: () => process.exit(3),
  throws: () => { setTimeout(() => { throw new Error('thrown later'); }, 5); return new Promise(() => {}); },
  rejects: () => { setTimeout(() => void Promise.reject(new Error('rejected later')), 5); return new Promise(() => {}); },
  never: () => new Promise(() => {}),
  pid: () => text(String(process.pid)),
  seen: () => text(JSON.stringify(seen)),
  env: () => text(Object.keys(process.env).sort().join(',')),
  waits: (call) => new Promise((_, reject) => call.signal.addEventListener('abort', () => { seen.aborted += 1; reject(call.signal.reason); })),
  flood: () => {
    let made = 0;
    const piece = frame('x'.repeat(16000));
    return sse(new Readable({ read() { made += piece.length; seen.made = made; this.push(piece); } }));
  },
  wrap: async (call) => {
    const reply = await upstream(call);
    return { ...reply, body: reply.body.pipe(new Transform({ transform(chunk, _e, done) { done(null, chunk); } })) };
  },
  slow: () => sse(Readable.from((async function* () {
    for (let n = 0; n < 30; n += 1) { yield frame('n' + n); await sleep(50); }
    yield Buffer.from('data: [DONE]\\n\\n');
  })())),
  taps: async (call) => {
    const reply = await upstream(call);
    reply.body.on('close', () => seen.closed.push('close')).on('end', () => seen.closed.push('end'));
    return reply;
  },
};
let base;
const upstream = (call) => call.http.request({ method: 'POST', url: base + call.path, headers: call.headers, body: call.body }, call.signal);
export default definePlugin({
  config: configSchema(any),
  setup: ({ config, logger, onDispose }) => {
    base = config.baseUrl ?? 'http://127.0.0.1:9/v1';
    onDispose(() => logger.info('released'));
    return {
      executor: {
        kind: 'wire',
        speaks: { 'openai-chat': ['generate'] },
        models: async () => [{ id: 'm' }],
        send: async (call) => {
          const { messages } = JSON.parse(call.body);
          const deed = deeds[messages.at(-1).content];
          return deed === undefined ? upstream(call) : deed(call);
        },
      },
      authenticators: [{
        id: 'key',
        method: 'api-key',
        authorize: async (request, credential) => ({
          ...request,
          headers: { ...request.headers, authorization: 'Bearer ' + credential.secrets.apiKey.reveal(), 'x-length': String(request.body?.length ?? 0) },
        }),
      }],
      accounts: apiKeyAccounts(['wicked-secret-key-0001'], 'key'),
      start: async () => logger.info('began'),
      stop: async () => logger.info('stopped'),
    };
  },
});
`;

/** A folder with the plugin `wicked`. */
export interface WickedFolder extends Pick<PluginFolder, 'remove'> {
  /** For \`package:\`. */
  readonly folder: string;
}

export function openWicked(): WickedFolder {
  const plugins = openPluginFolder();
  const folder = plugins.add({
    id: 'wicked',
    manifest: {
      provides: { executor: true, authenticators: ['key'] },
      permissions: { hosts: ['127.0.0.1'], env: ['WICKED_MAY_SEE'] },
    },
    module: SOURCE,
  });
  return { folder, remove: () => plugins.remove() };
}
