import { isObject } from '../upstreams/shape.ts';
import { CREATED_S, textIn, textsOf } from './chat-parts.ts';
import type { KindOfService } from './webai-kind.ts';

/** Any service that resembles OpenAI's: it describes itself nowhere, and says what it is not asked for. */
export function fakePlain(models: readonly string[]): KindOfService {
  const chunk = (model: string, delta: object, finish: string | null): string =>
    JSON.stringify({
      id: 'chatcmpl-p1',
      object: 'chat.completion.chunk',
      created: CREATED_S,
      model,
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
  return {
    describesItself: false,
    routes: {
      'GET /v1/models': () => ({
        status: 200,
        body: { object: 'list', data: models.map((id) => ({ id, object: 'model' })) },
      }),
    },
    refuse: ({ messages }) =>
      Array.isArray(messages) && (messages as readonly unknown[]).every(isObject)
        ? undefined
        : { status: 400, body: { error: { message: 'no messages' } } },
    error: (message) => ({ error: { message, type: 'server_error' } }),
    whole: (answer, { model }) => ({
      id: 'chatcmpl-p1',
      object: 'chat.completion',
      created: CREATED_S,
      model,
      choices: [{ index: 0, message: { role: 'assistant', content: textIn(answer) } }],
    }),
    events: (answer, { model }) => {
      const { ending = 'done', withoutFinish = false } = 'texts' in answer ? answer : {};
      const texts = 'texts' in answer ? textsOf(answer) : [];
      const told = texts.map((content) => chunk(model, { content }, null));
      if (ending === 'error') return [...told, JSON.stringify({ error: { message: 'it broke' } })];
      if (ending !== 'done') return told;
      return withoutFinish ? [...told, '[DONE]'] : [...told, chunk(model, {}, 'stop')];
    },
  };
}
