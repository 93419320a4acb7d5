// A stand-in for the vendors' APIs that costs little: small answers, and streams of 100 chunks.
import http from 'node:http';
import { CHUNKS } from './cases.mjs';

const TICK_MS = 5;

const chat = {
  body: JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-bench',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello there.', refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
  }),
  frames: chatFrames(),
};
const messages = {
  body: JSON.stringify({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-bench',
    content: [{ type: 'text', text: 'Hello there.' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 3 },
  }),
  frames: messagesFrames(),
};

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    if (request.method === 'GET') return void json(response, '{"object":"list","data":[]}');
    const format = request.url.endsWith('/messages') ? messages : chat;
    const body = Buffer.concat(pieces);
    if (!body.subarray(0, 4096).includes('"stream":true')) return void json(response, format.body);
    stream(response, format.frames);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));

function json(response, text) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(text);
}

function stream(response, frames) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let next = 0;
  const timer = setInterval(() => {
    response.write(frames[next]);
    next += 1;
    if (next < frames.length) return;
    clearInterval(timer);
    response.end();
  }, TICK_MS);
}

function chatFrames() {
  const head = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-bench',
  };
  const frame = (delta, finish_reason = null) =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const words = Array.from({ length: CHUNKS - 3 }, (_, index) =>
    frame({ content: `word${index} ` }),
  );
  return [
    frame({ role: 'assistant', content: '' }),
    ...words,
    frame({}, 'stop'),
    'data: [DONE]\n\n',
  ];
}

function messagesFrames() {
  const frame = (type, rest) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-bench',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 1 },
  };
  const words = Array.from({ length: CHUNKS - 5 }, (_, index) =>
    frame('content_block_delta', {
      index: 0,
      delta: { type: 'text_delta', text: `word${index} ` },
    }),
  );
  return [
    frame('message_start', { message }),
    frame('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...words,
    frame('content_block_stop', { index: 0 }),
    frame('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 3 },
    }),
    frame('message_stop', {}),
  ];
}
