import { isObject } from '../upstreams/shape.ts';
import { CREATED_S, textIn, unprocessable } from './chat-parts.ts';
import type { KindOfService } from './webai-kind.ts';

/**
 * WebAI-to-API as of November 2025: it has no list of models, reads the first message of a user and
 * no other, and answers a stream with one JSON.
 *
 * @param violate - told of what the service would ignore without a word.
 * @see https://github.com/Amm1rr/WebAI-to-API/tree/d5f1f320/src
 */
export function fakeLegacy(
  models: readonly string[],
  violate: (what: string) => void,
): KindOfService {
  return {
    describesItself: true,
    routes: {
      'POST /gemini': () => ({ status: 503, body: { detail: 'not here' } }),
      'POST /gemini-chat': () => ({ status: 503, body: { detail: 'not here' } }),
      'POST /translate': () => ({ status: 503, body: { detail: 'not here' } }),
    },
    refuse(body) {
      for (const name of Object.keys(body)) {
        if (!['messages', 'model', 'stream'].includes(name)) {
          violate(`the older WebAI-to-API ignores ${name} without a word`);
        }
      }
      const { model, messages } = body;
      if (typeof model !== 'string' || !models.includes(model)) {
        return unprocessable(
          'model',
          `Input should be ${models.map((id) => `'${id}'`).join(', ')}`,
        );
      }
      if (!Array.isArray(messages)) return unprocessable('messages', 'Field required');
      const all = (messages as readonly unknown[]).filter(isObject);
      const first = all.find(({ role }) => role === 'user');
      if (first === undefined || first['content'] === '') {
        return { status: 400, body: { detail: 'No user message found.' } };
      }
      if (all.length > 1) violate('the older WebAI-to-API reads the first message of a user alone');
      return typeof first['content'] === 'string'
        ? undefined
        : { status: 500, body: { detail: 'Error processing chat completion: list' } };
    },
    error: (message) => ({ detail: message }),
    whole: (answer, { model, stream }) => ({
      id: `chatcmpl-${CREATED_S}`,
      object: stream ? 'chat.completion.chunk' : 'chat.completion',
      created: CREATED_S,
      model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: textIn(answer) },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    }),
  };
}
