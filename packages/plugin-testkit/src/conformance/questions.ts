import type { Dialect } from '@cliproxy/plugin-api';

/** A question as a client of a dialect asks it. */
export interface WrittenQuestion {
  /** Of the gateway. */
  readonly path: string;
  readonly body: object;
}

/** Writes a question in the words of a dialect. */
export function written(
  dialect: Dialect,
  model: string,
  text: string,
  stream: boolean,
): WrittenQuestion {
  const messages = [{ role: 'user', content: text }];
  switch (dialect) {
    case 'openai-chat':
      return { path: '/v1/chat/completions', body: { model, messages, stream } };
    case 'openai-responses':
      return { path: '/v1/responses', body: { model, input: text, stream } };
    case 'anthropic-messages':
      return { path: '/v1/messages', body: { model, max_tokens: 1024, messages, stream } };
    case 'gemini':
      return {
        path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
        body: { contents: [{ role: 'user', parts: [{ text }] }] },
      };
  }
}
