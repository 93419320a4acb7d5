import { isObject } from '../upstreams/shape.ts';
import { CREATED_S, textIn, textsOf } from './chat-parts.ts';
import { uploadedFiles } from './uploaded-files.ts';
import type { KindOfService, ServiceReply } from './webai-kind.ts';

const TAKEN = [
  ...['messages', 'model', 'provider', 'stream', 'tools', 'tool_choice', 'parallel_tool_calls'],
  ...['temperature', 'presence_penalty', 'frequency_penalty', 'top_p', 'max_tokens', 'stop'],
  ...['reasoning_effort', 'logit_bias', 'audio', 'modalities', 'response_format'],
  ...['conversation_id', 'conversation', 'web_search', 'media', 'images'],
];
const EFFORTS = ['none', 'low', 'medium', 'high', 'x-high'];

/** What gpt4free's API server was given and how it was started. */
export interface FakeG4fState {
  /** Cookie files by their names, as JSON. */
  readonly cookieFiles: Map<string, unknown>;
  /** False: `--ignore-cookie-files`. */
  keepsCookies: boolean;
}

/**
 * gpt4free's API server, version 8.0.9: providers stand among the models, errors stand inside of
 * streams with the status 200, and FastAPI's errors have `message` for `msg`.
 *
 * @param violate - told of what the service would ignore without a word.
 * @see https://github.com/xtekky/gpt4free/blob/main/g4f/api/__init__.py
 */
export function fakeG4f(
  state: FakeG4fState,
  models: readonly string[],
  violate: (what: string) => void,
): KindOfService {
  const listed = (id: string, provider: boolean): object => ({
    id,
    object: 'model',
    created: 0,
    owned_by: provider ? `Label of ${id}` : '',
    image: false,
    vision: false,
    provider,
  });
  const error = (message: string, model: string): object => ({
    error: { message },
    model,
    provider: 'SomeProvider',
  });
  return {
    describesItself: true,
    routes: {
      'GET /v1/models': () => ({
        status: 200,
        body: {
          object: 'list',
          data: [...models.map((id) => listed(id, false)), listed('SomeProvider', true)],
        },
      }),
      'GET /v1/providers': () => ({ status: 200, body: [] }),
      'POST /v1/upload_cookies': ({ headers, body }) => {
        const files = uploadedFiles(headers['content-type'] ?? '', body);
        if (files.length === 0) return invalid('files', 'Field required', 'missing');
        const kept = state.keepsCookies ? files.filter(({ name }) => name.endsWith('.json')) : [];
        for (const { name, text } of kept) state.cookieFiles.set(name, JSON.parse(text));
        return { status: 200, body: kept.map(({ name }) => ({ filename: name })) };
      },
    },
    refuse(body) {
      for (const name of Object.keys(body)) {
        if (!TAKEN.includes(name)) violate(`gpt4free ignores ${name} without a word`);
      }
      const { messages, tool_choice: choice, reasoning_effort: effort, model } = body;
      if (!Array.isArray(messages)) return invalid('messages', 'Field required', 'missing');
      for (const message of (messages as readonly unknown[]).filter(isObject)) {
        if (message['role'] === 'developer') violate('gpt4free knows no role developer');
      }
      if (choice !== undefined && typeof choice !== 'string') {
        return invalid('tool_choice', 'Input should be a valid string', 'string_type');
      }
      if (effort !== undefined && !EFFORTS.some((known) => known === effort)) {
        return invalid(
          'reasoning_effort',
          `Input should be ${EFFORTS.join(', ')}`,
          'literal_error',
        );
      }
      return models.includes(String(model))
        ? undefined
        : { status: 404, body: error('ModelNotFoundError: Model not found', String(model)) };
    },
    error,
    whole: (answer, { model }) => ({
      ...head('chat.completion', model),
      choices: [
        {
          index: 0,
          message: { ...part(answer), audio: null },
          finish_reason: 'call' in answer ? 'tool_calls' : 'stop',
        },
      ],
      usage: usage(),
    }),
    events: (answer, { model }) => {
      const { ending = 'done', withoutFinish = false } = 'texts' in answer ? answer : {};
      const chunk = (delta: object, finish: string | null, more: object = {}): string =>
        JSON.stringify({
          ...head('chat.completion.chunk', model),
          choices: [{ index: 0, delta, finish_reason: finish }],
          ...more,
        });
      const told =
        'call' in answer
          ? [chunk(part(answer), null)]
          : textsOf(answer).map((text) => chunk(part({ texts: [text] }), null));
      if (ending === 'error') {
        const message = 'ResponseError: Error: the provider broke';
        return [...told, JSON.stringify(error(message, model)), '[DONE]'];
      }
      if (ending !== 'done') return told;
      const reason = 'call' in answer ? 'tool_calls' : 'stop';
      const last = chunk(part({ texts: [] }), withoutFinish ? null : reason, {
        usage: withoutFinish ? null : usage(),
      });
      return [...told, last, '[DONE]'];
    },
  };
}

type Answer = Parameters<KindOfService['whole']>[0];

function head(object: string, model: string): object {
  return { id: 'chatcmpl-g4f1', object, created: CREATED_S, model, provider: 'SomeProvider' };
}

function part(answer: Answer): object {
  const calls =
    'call' in answer
      ? [
          {
            id: 'call_1',
            type: 'function',
            function: { name: answer.call.name, arguments: JSON.stringify(answer.call.arguments) },
          },
        ]
      : null;
  return { role: 'assistant', content: textIn(answer), reasoning: null, tool_calls: calls };
}

function usage(): object {
  return { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5, cache: null };
}

function invalid(field: string, message: string, type: string): ServiceReply {
  return { status: 422, body: { detail: [{ loc: ['body', field], message, type }] } };
}
