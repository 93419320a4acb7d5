import { equal, ok } from 'node:assert/strict';
import type { GenerateContentResponse } from '@google/genai';
import type { Streamed } from './frames.ts';

/**
 * Gemini: answers without names, the reason of the end on the last alone and usage beside it; no
 * `[DONE]`; or an error at the end.
 */
export function checkGeminiStream({ frames, complete, model }: Streamed): void {
  let over = false;
  let id: string | undefined;
  for (const { event, data } of frames) {
    equal(event, undefined, 'events of Gemini have no name');
    ok(!over, `after the end: ${data}`);
    ok(data !== '[DONE]', 'Gemini has no [DONE]');
    const told = JSON.parse(data) as GenerateContentResponse & { readonly error?: unknown };
    if (told.error !== undefined) {
      over = true;
      continue;
    }
    equal(told.modelVersion, model);
    id ??= told.responseId;
    equal(told.responseId, id, 'the id changes');
    ok(told.candidates !== undefined || told.promptFeedback !== undefined, `empty: ${data}`);
    for (const candidate of told.candidates ?? []) {
      equal(candidate.content?.role ?? 'model', 'model');
      over = candidate.finishReason !== undefined;
    }
    if (told.promptFeedback?.blockReason !== undefined) over = true;
    if (over) ok(told.usageMetadata, 'no usage at the end');
  }
  if (complete) ok(over, 'it ends in the midst');
}
