// What the stand-in answers, in each vendor's format: the same two words, or a stream of many.
import { CHUNKS } from './cases.mjs';

const chat = {
  body: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4-bench',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello there.', refusal: null },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
  },
  frames: chatFrames(),
};
const messages = {
  body: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-bench',
    content: [{ type: 'text', text: 'Hello there.' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 3 },
  },
  frames: messagesFrames(),
};
const responses = { body: response('completed', 'Hello there.'), frames: responsesFrames() };
const gemini = {
  body: geminiBody('Hello there.', { finishReason: 'STOP' }),
  frames: geminiFrames(),
};

const byPath = [
  [/\/messages$/u, messages],
  [/\/responses$/u, responses],
  [/:(?:streamG|g)enerateContent/u, gemini],
  [/./u, chat],
].map(([path, { body, frames }]) => [path, { body: JSON.stringify(body), frames }]);

/** The whole answer and the frames of a stream, for a path of a vendor's API. */
export function answerFor(path) {
  return byPath.find(([pattern]) => pattern.test(path))[1];
}

function chatFrames() {
  const head = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4-bench',
  };
  const frame = (delta, finish_reason = null) =>
    unnamed({ ...head, choices: [{ index: 0, delta, finish_reason }] });
  return [
    frame({ role: 'assistant', content: '' }),
    ...words(CHUNKS - 3, (content) => frame({ content })),
    frame({}, 'stop'),
    'data: [DONE]\n\n',
  ];
}

function messagesFrames() {
  const message = { ...messagesHead(), usage: { input_tokens: 9, output_tokens: 1 } };
  return [
    named('message_start', { message }),
    named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...words(CHUNKS - 5, (text) =>
      named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
    ),
    named('content_block_stop', { index: 0 }),
    named('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 3 },
    }),
    named('message_stop', {}),
  ];
}

function messagesHead() {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-bench',
    content: [],
    stop_reason: null,
    stop_sequence: null,
  };
}

function responsesFrames() {
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const text = words(CHUNKS - 8, (word) => word).join('');
  const part = (told) => ({ type: 'output_text', text: told, annotations: [] });
  const whole = response('completed', text);
  const [item] = whole.output;
  const frames = [
    ['response.created', { response: response('in_progress') }],
    ['response.in_progress', { response: response('in_progress') }],
    [
      'response.output_item.added',
      { output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
    ],
    ['response.content_part.added', { ...place, part: part('') }],
    ...words(CHUNKS - 8, (delta) => ['response.output_text.delta', { ...place, delta }]),
    ['response.output_text.done', { ...place, text }],
    ['response.content_part.done', { ...place, part: part(text) }],
    ['response.output_item.done', { output_index: 0, item }],
    ['response.completed', { response: whole }],
  ];
  return frames.map(([type, rest], sequence_number) => named(type, { sequence_number, ...rest }));
}

function response(status, text) {
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status,
    error: null,
    incomplete_details: null,
    model: 'codex-bench',
    output:
      text === undefined
        ? []
        : [
            {
              id: 'msg_1',
              type: 'message',
              role: 'assistant',
              status: 'completed',
              content: [{ type: 'output_text', text, annotations: [] }],
            },
          ],
    usage:
      text === undefined
        ? null
        : {
            input_tokens: 9,
            input_tokens_details: { cached_tokens: 0 },
            output_tokens: 3,
            output_tokens_details: { reasoning_tokens: 0 },
            total_tokens: 12,
          },
  };
}

function geminiFrames() {
  return words(CHUNKS, (word, index) =>
    unnamed(geminiBody(word, index === CHUNKS - 1 ? { finishReason: 'STOP' } : {})),
  );
}

function geminiBody(text, rest) {
  return {
    candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...rest }],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, totalTokenCount: 12 },
    modelVersion: 'gemini-bench',
    responseId: 'resp-1',
  };
}

function words(count, make) {
  return Array.from({ length: count }, (_, index) => make(`word${index} `, index));
}

function unnamed(data) {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function named(type, rest) {
  return `event: ${type}\n${unnamed({ type, ...rest })}`;
}
