import { equal, ok } from 'node:assert/strict';
import type { Dialect } from '@cliproxy/plugin-api';
import type { Exchange } from './exchange.ts';
import { checkAnthropicStream } from './grammar/anthropic-stream.ts';
import { checkChatStream } from './grammar/chat-stream.ts';
import { framesOf } from './grammar/frames.ts';
import type { Streamed } from './grammar/frames.ts';
import { checkGeminiStream } from './grammar/gemini-stream.ts';
import { checkResponsesStream } from './grammar/responses-stream.ts';

const GRAMMARS: Readonly<Record<Dialect, (stream: Streamed) => void>> = {
  'openai-chat': checkChatStream,
  'openai-responses': checkResponsesStream,
  'anthropic-messages': checkAnthropicStream,
  gemini: checkGeminiStream,
};

/** What holds of every answer, whatever was asked. */
export function checkExchanges(
  dialect: Dialect,
  model: string,
  exchanges: readonly Exchange[],
): void {
  for (const { status, headers, body, complete, request } of exchanges) {
    if (status === undefined) continue;
    ok(headers.get('x-request-id'), 'an answer without x-request-id');
    if (headers.get('content-type')?.startsWith('text/event-stream')) {
      equal(status, 200);
      GRAMMARS[dialect]({ frames: framesOf(body), complete, model, request });
    } else if (complete) {
      const answer = JSON.parse(body) as Readonly<Record<string, unknown>>;
      if (status === 200) equal(answer.model ?? answer.modelVersion, model, 'the model named');
      else ok(answer.error, `status ${status} without an error`);
    }
  }
}
