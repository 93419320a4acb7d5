import { isObject } from '../json-object.ts';
import type { JsonObject } from '../json-object.ts';
import { unsupported } from './unsupported.ts';

/** Efforts of OpenAI's that gpt4free has another word for; it refuses those that it does not know. */
const EFFORTS: Readonly<Record<string, string>> = {
  minimal: 'low',
  xhigh: 'x-high',
  max: 'x-high',
};

/**
 * What gpt4free wants said otherwise: a tool that must be called is named by being the only one,
 * since `tool_choice` must be a word.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for choices among several tools.
 * @see https://github.com/xtekky/gpt4free/blob/main/g4f/api/stubs.py
 */
export function g4fTools(request: JsonObject): JsonObject {
  const { tool_choice: choice, reasoning_effort: effort } = request;
  return {
    ...(typeof effort === 'string' && { reasoning_effort: EFFORTS[effort] ?? effort }),
    ...(isObject(choice) && { tool_choice: 'required', tools: [named(choice, request)] }),
  };
}

function named(choice: JsonObject, { tools }: JsonObject): unknown {
  const spec = choice['function'];
  const name = isObject(spec) ? spec['name'] : undefined;
  const found = (Array.isArray(tools) ? (tools as readonly unknown[]) : []).find((tool) => {
    const its = isObject(tool) ? tool['function'] : undefined;
    return isObject(its) && its['name'] === name && name !== undefined;
  });
  if (found !== undefined) return found;
  throw unsupported(
    'gpt4free takes one tool that must be called, or any; `tool_choice` is neither',
  );
}
