import { deepEqual, equal, ok } from 'node:assert/strict';
import type OpenAI from 'openai';
import type { Streamed } from './frames.ts';

type Chunk = OpenAI.ChatCompletionChunk;
type Choice = OpenAI.ChatCompletionChunk.Choice;

const FINISHES: readonly unknown[] = ['stop', 'length', 'tool_calls', 'content_filter'];

/**
 * Chat: the role first, calls numbered from 0, one finish reason of the closed set, usage where it
 * was asked for, and `[DONE]` once; or an error, and no `[DONE]`.
 */
export function checkChatStream({ frames, complete, model, request }: Streamed): void {
  const wantsUsage =
    (request as OpenAI.ChatCompletionCreateParams).stream_options?.include_usage === true;
  let state: 'begin' | 'open' | 'finished' | 'counted' | 'over' = 'begin';
  let head: string | undefined;
  let calls = 0;
  for (const { event, data } of frames) {
    equal(event, undefined, 'events of Chat have no name');
    ok(state !== 'over', `after the end: ${data}`);
    if (data === '[DONE]') {
      equal(state, wantsUsage ? 'counted' : 'finished', '[DONE] too early');
      state = 'over';
      continue;
    }
    const chunk = JSON.parse(data) as Chunk & { readonly error?: unknown };
    if (chunk.error !== undefined) {
      state = 'over';
      continue;
    }
    equal(chunk.object, 'chat.completion.chunk');
    equal(chunk.model, model);
    head ??= JSON.stringify([chunk.id, chunk.created]);
    equal(JSON.stringify([chunk.id, chunk.created]), head, 'id and created change');
    const choice = chunk.choices[0];
    if (choice === undefined) {
      ok(wantsUsage && state === 'finished' && chunk.usage != null, `unasked: ${data}`);
      state = 'counted';
      continue;
    }
    ok(chunk.usage == null, 'usage beside choices');
    ok(state === 'begin' || state === 'open', `after the finish: ${data}`);
    equal(choice.index, 0);
    if (state === 'begin') equal(choice.delta.role, 'assistant', 'the role comes first');
    state = 'open';
    calls = checkCalls(choice, calls);
    if (choice.finish_reason != null) {
      ok(FINISHES.includes(choice.finish_reason), `finish_reason is ${choice.finish_reason}`);
      state = 'finished';
    }
  }
  if (complete) equal(state, 'over', 'it ends in the midst');
}

/** @returns how many calls there are so far. */
function checkCalls({ delta }: Choice, before: number): number {
  let calls = before;
  for (const { index, id, type, function: spec } of delta.tool_calls ?? []) {
    if (index === calls) {
      ok(id !== undefined && id !== '', 'a call begins without its id');
      deepEqual([type, typeof spec?.name], ['function', 'string']);
      calls += 1;
    } else {
      ok(index < calls, `index ${index} after ${calls} calls`);
      equal(id, undefined, 'an id in the midst of a call');
    }
  }
  return calls;
}
