import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/**
 * Takes out what the model refuses: by the API's names, at the top or in `generationConfig`, and by
 * those that other dialects have for the same.
 *
 * @returns the names, of the refused ones, that were there.
 */
export function withoutRefused(
  body: JsonObject,
  refuses: readonly string[],
): { readonly body: JsonObject; readonly refused: readonly string[] } {
  if (refuses.length === 0) return { body, refused: [] };
  const top: Record<string, unknown> = { ...body };
  const config: Record<string, unknown> = isJsonObject(body.generationConfig)
    ? { ...body.generationConfig }
    : {};
  const refused = refuses.filter((name) => {
    const own = COMMON.get(name) ?? [name.replace(/^generationConfig\./, '')];
    const inTop = own.filter((key) => !REQUIRED.has(key) && Object.hasOwn(top, key));
    const inConfig = own.filter((key) => Object.hasOwn(config, key));
    for (const key of inTop) Reflect.deleteProperty(top, key);
    for (const key of inConfig) Reflect.deleteProperty(config, key);
    return inTop.length + inConfig.length > 0;
  });
  if (Object.hasOwn(top, 'generationConfig')) {
    if (Object.keys(config).length > 0) top.generationConfig = config;
    else Reflect.deleteProperty(top, 'generationConfig');
  }
  return { body: top, refused };
}

const REQUIRED: ReadonlySet<string> = new Set(['contents', 'generationConfig']);

const FORMAT = ['responseMimeType', 'responseSchema', 'responseJsonSchema'] as const;

/** Common names, and the API's for the same. */
const COMMON: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['top_p', ['topP']],
  ['top_k', ['topK']],
  ['stop', ['stopSequences']],
  ['stop_sequences', ['stopSequences']],
  ['max_tokens', ['maxOutputTokens']],
  ['max_completion_tokens', ['maxOutputTokens']],
  ['max_output_tokens', ['maxOutputTokens']],
  ['frequency_penalty', ['frequencyPenalty']],
  ['presence_penalty', ['presencePenalty']],
  ['reasoning_effort', ['thinkingConfig']],
  ['reasoning', ['thinkingConfig']],
  ['thinking', ['thinkingConfig']],
  ['response_format', FORMAT],
  ['responseSchema', FORMAT],
  ['tool_choice', ['toolConfig']],
]);
