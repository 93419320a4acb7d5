import type { Json, ModelRequest, OutputFormat, ReasoningWish } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import {
  arrayAt,
  booleanAt,
  countAt,
  fieldError,
  mustBe,
  numberAt,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import { camelKeys } from './field-names.ts';
import { jsonSchema } from './json-schema.ts';

/** Begins the extras that are members of `generationConfig`. */
const GENERATION_CONFIG = 'generationConfig.';

/** What `generationConfig` says that has a common name. */
export type GenerationWishes = Pick<
  ModelRequest,
  'output' | 'reasoning' | 'maxOutputTokens' | 'temperature' | 'topP' | 'stop'
>;

/**
 * Reads `generationConfig`.
 *
 * @param fields - takes the members without a common name.
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeGeneration(value: unknown, fields: Record<string, Json>): GenerationWishes {
  const config = camelKeys(optional(value, 'generationConfig', objectAt) ?? {});
  const at = <T>(key: string, read: (found: unknown, path: string) => T): T | undefined =>
    optional(config[key], GENERATION_CONFIG + key, read);
  for (const [key, member] of Object.entries(config)) {
    if (!CANONICAL.has(key) && member !== null) fields[GENERATION_CONFIG + key] = member as Json;
  }
  const maxOutputTokens = at('maxOutputTokens', countAt);
  const temperature = at('temperature', numberAt(0, 2));
  const topP = at('topP', numberAt(0, 1));
  const stop = at('stopSequences', (found, path) =>
    arrayAt(found, path).map((item, i) => stringAt(item, `${path}[${i}]`)),
  );
  const reasoning = at('thinkingConfig', (found, path) => readThinking(found, path, fields));
  const output = readFormat(config, fields);
  return {
    ...(output === undefined ? {} : { output }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop }),
  };
}

const CANONICAL: ReadonlySet<string> = new Set([
  'maxOutputTokens',
  'temperature',
  'topP',
  'stopSequences',
  'thinkingConfig',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
]);

/** A budget of 0 switches thinking off, -1 leaves it to the model. */
function readThinking(
  value: unknown,
  path: string,
  fields: Record<string, Json>,
): ReasoningWish | undefined {
  const { includeThoughts, thinkingBudget, thinkingLevel, ...rest } = camelKeys(
    objectAt(value, path),
  );
  for (const [key, member] of Object.entries(rest)) {
    if (member !== null) fields[`${path}.${key}`] = member as Json;
  }
  const visible = optional(includeThoughts, `${path}.includeThoughts`, booleanAt);
  const budget = optional(thinkingBudget, `${path}.thinkingBudget`, numberAt(-1, 1_000_000));
  const level = optional(thinkingLevel, `${path}.thinkingLevel`, stringAt)?.toLowerCase();
  if (budget !== undefined && level !== undefined) {
    throw fieldError(path, 'must not hold both thinkingBudget and thinkingLevel');
  }
  if (budget === 0) return { enabled: false };
  const effort =
    level === undefined || level === 'thinking_level_unspecified' ? {} : { effort: level };
  // To be told no thoughts is what holds anyway.
  if (budget === undefined && level === undefined && visible !== true) return undefined;
  return {
    enabled: true,
    ...effort,
    ...(budget === undefined || budget < 0 ? {} : { budgetTokens: budget }),
    ...(visible === undefined ? {} : { visible }),
  };
}

/** The dialect gives formats no name; others want one. */
function readFormat(config: JsonObject, fields: Record<string, Json>): OutputFormat | undefined {
  const { responseMimeType, responseSchema, responseJsonSchema } = config;
  const mimePath = `${GENERATION_CONFIG}responseMimeType`;
  const mime = optional(responseMimeType, mimePath, stringAt) ?? '';
  const schemaPath = `${GENERATION_CONFIG}responseSchema`;
  const schema =
    optional(responseJsonSchema, `${GENERATION_CONFIG}responseJsonSchema`, objectAt) ??
    optional(responseSchema, schemaPath, (found, path) => jsonSchema(objectAt(found, path), path));
  switch (mime) {
    case '':
    case 'application/json':
      if (schema !== undefined) {
        return { type: 'json-schema', name: 'answer', schema: schema as Json };
      }
      return mime === '' ? undefined : { type: 'json' };
    case 'text/plain':
      return undefined;
    case 'text/x.enum':
      // One bare word of a list: no other dialect has that.
      fields[mimePath] = mime;
      if (responseSchema !== undefined) fields[schemaPath] = responseSchema as Json;
      return undefined;
    default:
      throw mustBe(mimePath, 'text/plain, application/json or text/x.enum', mime);
  }
}
