import type { Json } from '../shape.ts';
import type { VendorMessage } from '../vendor-answer.ts';
import type { Asked } from '../vendor-api.ts';

/** A response of which nothing is written yet: the request with its defaults. */
export function begunResponse(id: string, { body, model }: Asked): Json {
  const given = (name: string, usual: unknown): unknown => body[name] ?? usual;
  return {
    id,
    object: 'response',
    created_at: 1_760_000_000,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: given('instructions', null),
    max_output_tokens: given('max_output_tokens', null),
    metadata: given('metadata', {}),
    model,
    output: [],
    parallel_tool_calls: given('parallel_tool_calls', true),
    previous_response_id: given('previous_response_id', null),
    prompt_cache_key: given('prompt_cache_key', null),
    reasoning: { effort: null, summary: null, ...(body['reasoning'] as Json | undefined) },
    safety_identifier: given('safety_identifier', null),
    service_tier: 'default',
    store: given('store', true),
    temperature: given('temperature', 1),
    text: { format: { type: 'text' }, ...(body['text'] as Json | undefined) },
    tool_choice: given('tool_choice', 'auto'),
    tools: given('tools', []),
    top_logprobs: given('top_logprobs', 0),
    top_p: given('top_p', 1),
    truncation: given('truncation', 'disabled'),
    usage: null,
    user: given('user', null),
  };
}

/** The response at its end. */
export function endedResponse(
  begun: Json,
  output: readonly Json[],
  { finish, usage = { input: 20, output: 10 } }: VendorMessage,
): Json {
  const reason = { length: 'max_output_tokens', refusal: 'content_filter' }[String(finish)];
  const { input, output: written, cached = 0, cacheWrite = 0, reasoning = 0 } = usage;
  return {
    ...begun,
    status: reason === undefined ? 'completed' : 'incomplete',
    completed_at: 1_760_000_003,
    incomplete_details: reason === undefined ? null : { reason },
    output,
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWrite },
      output_tokens: written,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + written,
    },
  };
}
