import type { ModelRequest } from '@cliproxy/plugin-api';

/** Parameters that models refuse, by the names that dialects have for them. */
const WISHES: Readonly<Record<string, keyof ModelRequest>> = {
  temperature: 'temperature',
  top_p: 'topP',
  topP: 'topP',
  stop: 'stop',
  stop_sequences: 'stop',
  stopSequences: 'stop',
  parallel_tool_calls: 'parallelTools',
  tool_choice: 'toolChoice',
  toolConfig: 'toolChoice',
  response_format: 'output',
  output_format: 'output',
  text: 'output',
  responseSchema: 'output',
  responseJsonSchema: 'output',
  reasoning_effort: 'reasoning',
  reasoning: 'reasoning',
  thinking: 'reasoning',
  thinkingConfig: 'reasoning',
  max_tokens: 'maxOutputTokens',
  max_completion_tokens: 'maxOutputTokens',
  max_output_tokens: 'maxOutputTokens',
  maxOutputTokens: 'maxOutputTokens',
};

/**
 * Takes out of a request what an executor of events can't honour: what the model refuses, and what
 * only the client's dialect has a name for.
 */
export function withoutRefusedWishes(
  request: ModelRequest,
  refuses: readonly string[],
): { readonly request: ModelRequest; readonly ignored: readonly string[] } {
  const refused = refuses.filter((name) => {
    const wish = WISHES[name];
    return wish !== undefined && request[wish] !== undefined;
  });
  const ignored = [...new Set([...refused, ...Object.keys(request.extras.fields)])];
  if (refused.length === 0) return { request, ignored };
  const gone = new Set(refused.map((name) => WISHES[name]));
  const kept = Object.entries(request).filter(([key]) => !gone.has(key as keyof ModelRequest));
  return { request: Object.fromEntries(kept) as unknown as ModelRequest, ignored };
}
