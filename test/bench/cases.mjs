// What is measured: a request in one dialect, to a model of a vendor that speaks the same or another.

/** How many frames each stream of the upstream has. */
export const CHUNKS = 100;

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(23_302);
const image = `data:image/png;base64,${'iVBORw0KGgoAAAANSUhEUgAB'.repeat(43_691)}`;

/** Client dialects: path, and how a question is put. */
const dialects = {
  chat: {
    path: () => '/v1/chat/completions',
    ask: (model, content, stream) => ({
      model,
      ...(stream && { stream }),
      messages: [{ role: 'user', content }],
    }),
    last: '[DONE]',
  },
  anthropic: {
    path: () => '/v1/messages',
    ask: (model, content, stream) => ({
      model,
      max_tokens: 100,
      ...(stream && { stream }),
      messages: [{ role: 'user', content }],
    }),
    last: 'message_stop',
  },
};

/** Whom a model's name leads to, and what a bare pipe has to ask there. */
const vendors = {
  chat: { model: 'gpt-4-bench', path: () => '/v1/chat/completions', last: '[DONE]' },
  anthropic: { model: 'claude-bench', path: () => '/v1/messages', last: 'message_stop' },
  responses: { model: 'codex-bench', path: () => '/v1/responses', last: 'response.completed' },
  gemini: {
    model: 'gemini-bench',
    path: (model, streams) =>
      `/v1beta/models/${model}:${streams ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    last: '"STOP"',
  },
};

/** By a relay page; the pipe goes to its upstream without one. */
export const relayed = {
  router: {
    path: dialects.chat.path(),
    body: Buffer.from(JSON.stringify(dialects.chat.ask('gemini-bench-aistudio', 'Hello', true))),
    mark: dialects.chat.last,
  },
  pipe: targets('chat', 'gemini', 'Hello', true).pipe,
};

/** The cases in the order in which they are measured; `aim` is the ratio to the bare pipe. */
export const cases = [
  small('small request', 'chat', 'chat', 1),
  large('1 MB of text', text, 2),
  large('1 MB image', [{ type: 'image_url', image_url: { url: image } }], 1.5),
  stream('stream', 'chat', 'chat', 1.15),
  ...translated('Chat to Anthropic', 'chat', 'anthropic'),
  ...translated('Anthropic to Chat', 'anthropic', 'chat'),
  ...translated('Chat to Gemini', 'chat', 'gemini'),
  ...translated('Chat to Responses', 'chat', 'responses'),
];

function translated(pair, client, vendor) {
  return [
    small(`${pair}, small request`, client, vendor, 1.5),
    stream(`${pair}, stream`, client, vendor, 1.3),
  ];
}

function small(name, client, vendor, aim) {
  const sizes = { per: 'request', count: 500, parts: 1, concurrency: 10 };
  return { name, aim, ...sizes, ...targets(client, vendor, 'Hello', false, 'Hello there') };
}

function large(name, content, aim) {
  const sizes = { per: 'request', count: 30, parts: 1, concurrency: 4 };
  return { name, aim, ...sizes, ...targets('chat', 'chat', content, false, 'Hello there') };
}

function stream(name, client, vendor, aim) {
  const sizes = { per: 'chunk', count: 40, parts: CHUNKS, concurrency: 20 };
  return { name, aim, ...sizes, ...targets(client, vendor, 'Hello', true) };
}

/** Where the router and where a bare pipe is sent what, and what their answers must hold. */
function targets(client, vendor, content, streams, mark) {
  const { path, ask, last } = dialects[client];
  const { model, path: upstreamPath, last: upstreamLast } = vendors[vendor];
  const body = Buffer.from(JSON.stringify(ask(model, content, streams)));
  return {
    router: { path: path(model, streams), body, mark: mark ?? last },
    // The pipe knows no dialects: it moves the same bytes, to where the vendor takes them.
    pipe: { path: upstreamPath(model, streams), body, mark: mark ?? upstreamLast },
  };
}
