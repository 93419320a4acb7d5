import { demand } from '../refusal.ts';
import { checkClosedSchema } from '../closed-schema.ts';
import type { Json } from '../shape.ts';
import type { Incoming } from '../vendor-api.ts';
import { apiVersion, checkVersion } from './api-version.ts';
import { cacheMarks } from './cache-marks.ts';
import { checkOrder, turnsOf } from './conversation.ts';
import type { Turn } from './conversation.ts';
import { countBody, messagesBody, rootSchema } from './fields.ts';
import type { IssuedThinking } from './issued-thinking.ts';
import { modelLine } from './model-line.ts';
import type { ModelLine } from './model-line.ts';
import { checkBlocks, checkThinking } from './thinking.ts';

/**
 * Everything that the API refuses in a request.
 *
 * @throws Refusal
 * @see https://platform.claude.com/docs/en/api/messages
 */
export function checkMessages(
  { headers, body }: Incoming,
  isCount: boolean,
  issued: IssuedThinking,
): Json {
  const version = apiVersion(headers['anthropic-version']);
  const betas = String(headers['anthropic-beta'] ?? '');
  (isCount ? countBody : messagesBody)(betas !== '')(body, []);
  const given = body as Json;
  const model = given['model'] as string;
  const line = modelLine(model);
  const turns = turnsOf(given['messages']);
  checkVersion(version, given, turns);
  checkTools(given, line);
  checkOrder(turns);
  checkEnd(turns, line);
  checkSampling(given, line);
  checkOutput(given, line);
  checkThinking(given, line, betas.includes('interleaved-thinking-'));
  checkBlocks(turns, given, issued, model);
  checkCacheMarks(given);
  return given;
}

function checkTools({ tools, tool_choice: choice }: Json, line: ModelLine): void {
  const declared = (tools ?? []) as readonly Json[];
  const names = declared.map(({ name }) => name);
  declared.forEach((tool, at) => {
    demand(names.indexOf(tool['name']) === at, ['tools'], 'Tool names must be unique.');
    const schema = tool['input_schema'];
    if (schema === undefined) return;
    const path = ['tools', at, 'custom', 'input_schema'];
    rootSchema(schema, path);
    const union = ['anyOf', 'oneOf', 'allOf'].find((key) => key in (schema as Json));
    const message = 'input_schema does not support oneOf, allOf, or anyOf at the top level';
    demand(union === undefined, path, message);
    if (tool['strict'] !== true) return;
    demand(line.schemas, ['tools', at, 'strict'], 'strict tools are not supported by this model');
    checkClosedSchema(schema, path, ANTHROPIC_LIMITS);
  });
  if (choice === undefined) return;
  demand(declared.length > 0, [], 'tool_choice may only be specified while providing tools.');
  const { type, name } = choice as Json;
  const isKnown = type !== 'tool' || names.includes(name);
  demand(isKnown, ['tool_choice'], `Tool '${String(name)}' not found in provided tools`);
}

/** Keywords that structured outputs refuse. */
const ANTHROPIC_LIMITS = {
  refused: [
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
    ...['minLength', 'maxLength', 'maxItems', 'uniqueItems', 'patternProperties', 'oneOf', 'not'],
  ],
  allRequired: false,
};

function checkEnd(turns: readonly Turn[], line: ModelLine): void {
  const last = turns.at(-1);
  if (last?.role !== 'assistant') return;
  const message =
    'This model does not support assistant message prefill. The conversation must end with a user message.';
  demand(line.prefill, [], message);
  const text = last.blocks.at(-1)?.['text'];
  const isTrimmed = typeof text !== 'string' || text === text.trimEnd();
  demand(isTrimmed, ['messages'], 'final assistant content cannot end with trailing whitespace');
}

function checkSampling(body: Json, { sampling, maxTokens }: ModelLine): void {
  const { temperature, top_p: topP, top_k: topK, max_tokens: asked = 0 } = body;
  const model = String(body['model']);
  demand(
    Number(asked) <= maxTokens,
    ['max_tokens'],
    `${Number(asked)} > ${maxTokens}, which is the maximum allowed number of output tokens for ${model}`,
  );
  if (sampling === 'default') {
    const isDefault = (temperature ?? 1) === 1 && Number(topP ?? 1) >= 0.99 && topK === undefined;
    demand(isDefault, [], '`temperature`, `top_p` and `top_k` are deprecated for this model.');
  }
  const both = temperature !== undefined && topP !== undefined;
  const message =
    '`temperature` and `top_p` cannot both be specified for this model. Please use only one.';
  demand(sampling === 'all' || !both, [], message);
}

function checkOutput({ output_config: config }: Json, line: ModelLine): void {
  const { effort, format } = (config ?? {}) as { effort?: string | null; format?: Json | null };
  if (typeof effort === 'string') {
    const isKnown = line.efforts.includes(effort);
    demand(isKnown, ['output_config', 'effort'], `'${effort}' is not supported by this model`);
  }
  if (format === undefined || format === null) return;
  const path = ['output_config', 'format'];
  demand(line.schemas, path, 'structured outputs are not supported by this model');
  checkClosedSchema(format['schema'], [...path, 'schema'], ANTHROPIC_LIMITS);
}

/** At most four; longer ones before shorter ones. */
function checkCacheMarks(body: Json): void {
  const marks = cacheMarks(body);
  const message = `A maximum of 4 blocks with cache_control may be provided. Found ${marks.length}.`;
  demand(marks.length <= 4, [], message);
  const isSorted = marks.every((ttl, at) => ttl === '5m' || marks.slice(0, at).every(isLong));
  demand(isSorted, [], "a ttl='1h' cache_control block must not come after a ttl='5m' one");
}

function isLong(ttl: string): boolean {
  return ttl === '1h';
}
