import type { FolderPlugin } from './plugin-folder.ts';

/** One plugin that does something wrong, and what is to be heard of it. */
export interface BadPlugin extends FolderPlugin {
  readonly what: string;
  /** What a client that asks it for an answer gets. */
  readonly status: 200 | 502 | 503 | 504;
  /** Its own sentence: in the client's answer, in health, or in the log under its name. */
  readonly told: RegExp;
  /** Under which `where` health and metrics count it; absent: it never came to serve, or is no fault of code. */
  readonly where?: string;
}

const HALF = `yield { type: 'start' };
  yield { type: 'open', index: 0, part: { type: 'text', text: '' } };
  yield { type: 'delta', index: 0, text: 'half an answer' };`;
const WHOLE = `${HALF} yield { type: 'close', index: 0 };
  yield { type: 'finish', reason: 'stop' };`;

const serving = (executor: string, more = ''): Pick<FolderPlugin, 'manifest' | 'setup'> => ({
  manifest: { provides: { executor: true }, permissions: { hosts: ['127.0.0.1'] } },
  setup: `return { executor: { models: async () => [], ${executor} }, ${more} };`,
});
const events = (run: string) => serving(`kind: 'events', ${run}`);
const wire = (send: string) =>
  serving(`kind: 'wire', speaks: { 'openai-chat': ['generate'] }, ${send}`);

const FAULT = { status: 502, where: 'request' } as const;
const NEVER_SERVED = { status: 503 } as const;

/** 25 deliberately bad plugins. */
export const badPlugins: readonly BadPlugin[] = [
  {
    id: 'import-throws',
    what: 'throws while it is imported',
    module: `throw new Error('no such luck');`,
    told: /importing .* threw: no such luck/u,
    ...NEVER_SERVED,
  },
  {
    id: 'setup-throws',
    what: 'throws in setup',
    setup: `throw new Error('no hat');`,
    told: /setup threw: no hat/u,
    ...NEVER_SERVED,
  },
  {
    id: 'start-rejects',
    what: 'rejects in start',
    setup: `return { start: async () => { throw new Error('no coat'); } };`,
    told: /start threw: no coat/u,
    ...NEVER_SERVED,
  },
  {
    id: 'setup-junk',
    what: 'returns junk from setup',
    manifest: { provides: { executor: true } },
    setup: `return { executor: { kind: 'magic' } };`,
    told: /what setup returned can't be used: .*executor\.kind/u,
    ...NEVER_SERVED,
  },
  {
    id: 'run-throws',
    what: 'throws an error of the language when asked',
    ...events(`run() { return undefined.nothing; }`),
    told: /"run-throws" threw TypeError while it served a request/u,
    ...FAULT,
  },
  {
    id: 'run-breaks',
    what: 'throws in the middle of its answer',
    ...events(`async *run() { ${HALF} throw new RangeError('boom'); }`),
    told: /"run-breaks" threw RangeError while it served a request/u,
    ...FAULT,
  },
  {
    id: 'run-hostile',
    what: 'throws what throws when it is looked at',
    ...events(`async *run() { throw new Proxy({}, { get() { throw 1; }, has() { throw 2; } }); }`),
    told: /"run-hostile" threw a hostile value/u,
    ...FAULT,
  },
  {
    id: 'run-nothing',
    what: 'gives a number where events are due',
    ...events(`run: () => 42`),
    told: /"run-nothing" gave something for its events that is not iterable/u,
    ...FAULT,
  },
  {
    id: 'event-junk',
    what: 'gives an event of no type',
    ...events(`async *run() { yield { type: 'surprise' }; }`),
    told: /"event-junk" gave an event of no known type/u,
    ...FAULT,
  },
  {
    id: 'event-order',
    what: 'gives a delta that was never opened',
    ...events(
      `async *run() { yield { type: 'start' }; yield { type: 'delta', index: 7, text: 'x' }; }`,
    ),
    told: /event-order: .*(?:part|delta)/u,
    status: 502,
  },
  {
    id: 'run-ends',
    what: 'ends its answer in the middle',
    ...events(`async *run() { ${HALF} }`),
    told: /run-ends: .*ended before it was complete/u,
    status: 502,
  },
  {
    id: 'run-hangs',
    what: 'never gives an event, and ignores the abort',
    ...events(
      `run: () => ({ [Symbol.asyncIterator]: () => ({ next: () => never, return: () => never }) })`,
    ),
    told: /run-hangs: the upstream sent no byte of its answer within/u,
    status: 504,
    where: 'abort',
  },
  {
    id: 'run-stalls',
    what: 'stops in the middle, and ignores the abort',
    ...events(`async *run() { ${HALF} await never; }`),
    told: /run-stalls: the upstream sent nothing more within/u,
    status: 504,
    where: 'abort',
  },
  {
    id: 'run-floods',
    what: 'never stops talking',
    ...events(
      `async *run() { ${HALF} for (;;) yield { type: 'delta', index: 0, text: 'x'.repeat(65536) }; }`,
    ),
    told: /run-floods: .*larger/u,
    status: 502,
  },
  {
    id: 'send-rejects',
    what: 'rejects with nothing',
    ...wire(`send: () => Promise.reject()`),
    told: /"send-rejects" threw undefined while it served a request/u,
    ...FAULT,
  },
  {
    id: 'send-text',
    what: 'gives text for a reply',
    ...wire(`send: async () => 'ok'`),
    told: /"send-text" gave .*repl/u,
    ...FAULT,
  },
  {
    id: 'send-objects',
    what: 'gives a body of objects',
    ...wire(`send: async () => ({ status: 200, headers: {}, body: Readable.from([{ a: 1 }]) })`),
    told: /"send-objects" gave .*(?:bytes|body|chunk)/u,
    ...FAULT,
  },
  {
    id: 'send-prose',
    what: 'gives an answer in no dialect',
    ...wire(`send: async () => ({ status: 200, headers: {}, body: Readable.from(['hello']) })`),
    told: /send-prose: .*neither JSON nor an event stream/u,
    status: 502,
  },
  {
    id: 'send-strays',
    what: 'goes to a host that it has not declared',
    ...wire(`send: ({ http, signal }) =>
      http.request({ method: 'GET', url: 'https://elsewhere.example/', headers: {} }, signal)`),
    told: /"send-strays" .*elsewhere\.example.*permissions/u,
    ...FAULT,
  },
  {
    id: 'late-throw',
    what: 'answers, and throws in a timer afterwards',
    ...events(`async *run() { setTimeout(() => { throw new Error('too late'); }, 5); ${WHOLE} }`),
    told: /Error: too late/u,
    status: 200,
    where: 'stray',
  },
  {
    id: 'late-reject',
    what: 'answers, and leaves a rejection that nobody awaits',
    ...events(`async *run() { sleep(5).then(() => { throw new Error('unheard'); }); ${WHOLE} }`),
    told: /Error: unheard/u,
    status: 200,
    where: 'stray',
  },
  {
    id: 'late-event',
    what: 'answers, and emits an error that nobody listens to',
    ...events(`async *run() {
      const body = new Readable({ read() {} });
      setTimeout(() => body.emit('error', new Error('unlistened')), 5);
      ${WHOLE}
    }`),
    told: /Error: unlistened/u,
    status: 200,
    where: 'stray',
  },
  {
    id: 'log-floods',
    what: 'answers, and logs without end',
    ...events(
      `async *run() { for (let n = 0; n < 1100; n += 1) logger.info('line ' + n); ${WHOLE} }`,
    ),
    told: /logged more than 1000 lines within 10 s/u,
    status: 200,
    where: 'log',
  },
  {
    id: 'authorize-throws',
    what: 'throws where it puts its key on a request',
    manifest: {
      provides: { executor: true, authenticators: ['a'] },
      permissions: { hosts: ['127.0.0.1'] },
    },
    setup: `return {
      executor: { kind: 'wire', speaks: { 'openai-chat': ['generate'] }, models: async () => [],
        send: ({ http, signal }) =>
          http.request({ method: 'POST', url: 'http://127.0.0.1:1/', headers: {} }, signal) },
      authenticators: [{ id: 'a', method: 'token', authorize: async () => JSON.parse('{') }],
      accounts: [{ key: 'k', authenticator: 'a', label: 'k', credential: { secrets: {} } }],
    };`,
    told: /authenticator "a" of plugin "authorize-throws" threw while it authorized a request/u,
    ...FAULT,
  },
  {
    id: 'lists-junk',
    what: 'answers, and gives junk for its models and its health',
    manifest: { provides: { executor: true, probes: ['p'] } },
    setup: `return {
      executor: { kind: 'events', models: async () => ({ data: [] }), async *run() { ${WHOLE} } },
      probes: [{ id: 'p', intervalMs: 1000, timeoutMs: 300, affects: 'report-only',
        check: async () => 'fine' }],
    };`,
    told: /gave object where a list of models is due/u,
    status: 200,
    where: 'models',
  },
];
