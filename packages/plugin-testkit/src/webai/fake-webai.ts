import { isObject } from '../upstreams/shape.ts';
import { CREATED_S, textIn, textsOf, unprocessable } from './chat-parts.ts';
import type { KindOfService } from './webai-kind.ts';

/** How WebAI-to-API does. */
export interface FakeWebaiState {
  /** `unused`: nobody has asked for its browser, which is no fault; `gone`: it has crashed. */
  browser: 'unused' | 'up' | 'gone';
  /** How a login at the service ends. */
  loginEnds: 'with a session' | 'without one' | 'never';
  /** Whether it can open a browser. */
  hasDisplay: boolean;
}

const TAKEN = [
  ...['messages', 'model', 'provider', 'stream', 'tools', 'tool_choice', 'gem', 'conversation_id'],
  'provider_options',
];

/**
 * WebAI-to-API as of August 2026. Every chunk of a stream ends the answer by its finish_reason; the
 * whole answer, and with tools the stream too, has usage of zeros.
 *
 * @param violate - told of what the service would ignore without a word.
 * @see https://github.com/Amm1rr/WebAI-to-API/tree/master/src/app
 */
export function fakeWebai(
  state: FakeWebaiState,
  models: readonly string[],
  violate: (what: string) => void,
): KindOfService {
  let polls = 0;
  const isReady = (): boolean => state.browser === 'up';
  const session = (): unknown => {
    const pending = state.loginEnds === 'never' || polls++ < 1;
    const has = !pending && state.loginEnds === 'with a session';
    return {
      login_state: pending ? 'LOGIN_IN_PROGRESS' : 'IDLE',
      gemini_webapi: { status: 'GUEST', auth_source: null },
      playwright: { status: has ? 'VALID_SESSION' : 'NO_SESSION' },
    };
  };
  return {
    describesItself: true,
    routes: {
      'GET /ready': () => ({ status: isReady() ? 200 : 503, body: '' }),
      'GET /health': () => ({ status: 200, body: '' }),
      'GET /v1/runtime/status': () => ({
        status: 200,
        body: { engine: { status: state.browser === 'unused' ? 'NOT_INITIALIZED' : 'RUNNING' } },
      }),
      'GET /v1/auth/status': () => ({ status: 200, body: session() }),
      'POST /v1/auth/login': () => {
        polls = 0;
        return state.hasDisplay
          ? { status: 202, body: { status: 'LOGIN_IN_PROGRESS' } }
          : { status: 400, body: { detail: 'Headful interactive sign-in is unsupported.' } };
      },
      'GET /v1/models': () => ({
        status: 200,
        body: {
          object: 'list',
          data: models.map((id) => ({
            id,
            object: 'model',
            created: CREATED_S,
            owned_by: 'google',
          })),
        },
      }),
      'POST /gemini-chat': () => ({ status: 503, body: { detail: 'not here' } }),
    },
    refuse(body) {
      for (const name of Object.keys(body)) {
        if (!TAKEN.includes(name)) violate(`WebAI-to-API ignores ${name} without a word`);
      }
      if (!Array.isArray(body['messages'])) return unprocessable('messages', 'Field required');
      for (const message of body['messages'] as readonly unknown[]) {
        if (!isObject(message)) return unprocessable('messages', 'Input should be an object');
        const role = String(message['role']);
        if (!['system', 'user', 'assistant', 'tool'].includes(role)) {
          violate(`WebAI-to-API leaves out what ${role} says`);
        }
        const { content } = message;
        for (const part of Array.isArray(content) ? (content as readonly unknown[]) : []) {
          if (!isObject(part) || !['text', 'file'].includes(String(part['type']))) {
            const message_ = "Input tag found using 'type' does not match: 'text', 'file'";
            return unprocessable('messages', message_);
          }
        }
      }
      const { model } = body;
      return typeof model === 'string' && models.includes(model)
        ? undefined
        : { status: 400, body: { detail: `Unknown model name: ${String(model)}` } };
    },
    error: (message) => ({ detail: message }),
    whole: (answer, { model }) => completion('chat.completion', 'message', model, answer),
    events: (answer, { model }) => {
      if ('call' in answer) return [JSON.stringify(chunk(model, answer)), '[DONE]'];
      const { ending = 'done' } = answer;
      const told = textsOf(answer).map((text) => JSON.stringify(chunk(model, { texts: [text] })));
      const artifact = JSON.stringify({
        ...chunk(model, { texts: [] }),
        choices: [
          { index: 0, delta: {}, artifacts: [{ type: 'image', url: 'https://a.example' }] },
        ],
      });
      return ending === 'done' ? [...told, artifact, '[DONE]'] : told;
    },
  };
}

type Answer = Parameters<KindOfService['whole']>[0];

function chunk(model: string, answer: Answer): object {
  return completion('chat.completion.chunk', 'delta', model, answer);
}

function completion(object: string, key: string, model: string, answer: Answer): object {
  const message =
    'call' in answer
      ? {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              id: `call_${CREATED_S}`,
              type: 'function',
              function: {
                name: answer.call.name,
                arguments: JSON.stringify(answer.call.arguments),
              },
            },
          ],
        }
      : { role: 'assistant', content: textIn(answer) };
  return {
    id: `chatcmpl-${CREATED_S}`,
    object,
    created: CREATED_S,
    model,
    choices: [
      { index: 0, [key]: message, finish_reason: 'call' in answer ? 'tool_calls' : 'stop' },
    ],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    conversation_id: '3f0c',
    reused_conversation: false,
  };
}
