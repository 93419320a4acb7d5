import { checkAnswerSchema, checkFunctionSchema } from '../openai/function-schema.ts';
import { modelLine } from '../openai/model-line.ts';
import { checkReasoning } from '../openai/sampling.ts';
import { Refusal, demand } from '../refusal.ts';
import { isObject } from '../shape.ts';
import type { Json } from '../shape.ts';
import { checkPairs, checkReasoningItems, withStoredItems } from './conversation.ts';
import { countBody, responsesBody } from './fields.ts';
import type { IssuedItems } from './issued-items.ts';

/**
 * Everything that the API refuses in a request.
 *
 * @throws Refusal
 * @see https://developers.openai.com/api/reference/resources/responses
 */
export function checkResponses(body: Json, isCount: boolean, issued: IssuedItems): void {
  (isCount ? countBody : responsesBody)(body, []);
  if (typeof body['model'] !== 'string') throw new Refusal('missing', ['model'], 'is required');
  const before = checkSource(body, issued);
  const { input } = body;
  if (Array.isArray(input)) {
    const items = withStoredItems(input as readonly Json[], issued);
    checkPairs(items, before);
    checkReasoningItems(items, issued, body['model']);
  } else
    demand(
      before.length === 0,
      ['input'],
      `No tool output found for function call ${before.join(', ')}.`,
    );
  checkTools(body);
  checkThinking(body);
  checkFormat(body);
  const isStreamed = body['stream'] === true || (body['stream_options'] ?? undefined) === undefined;
  const message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
  demand(isStreamed, ['stream_options'], message);
}

/** What the request goes on from: calls that wait for their output. */
function checkSource(body: Json, issued: IssuedItems): readonly unknown[] {
  const { input, prompt, conversation: talk, previous_response_id: previous } = body;
  const has = (value: unknown): boolean => value !== undefined && value !== null;
  const both =
    "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only providing one of them.";
  demand(!has(talk) || !has(previous), [], both, 'mutually_exclusive_parameters');
  const none =
    'One of "input" or "previous_response_id" or "prompt" or "conversation" must be provided.';
  demand([input, prompt, talk, previous].some(has), [], none, 'missing_required_parameter');
  if (!has(previous)) return [];
  const open = issued.openCalls(previous);
  if (open !== undefined) return open;
  const message = `Previous response with id '${String(previous)}' not found.`;
  throw new Refusal('rule', ['previous_response_id'], message, 'previous_response_not_found');
}

function checkTools({ tools, tool_choice: choice }: Json): void {
  const declared = (tools ?? []) as readonly Json[];
  declared.forEach(({ type, name, parameters, strict }, at) => {
    if (type !== 'function') return;
    checkFunctionSchema(name, parameters, strict === true, ['tools', at, 'parameters']);
  });
  const forced = choice === 'required' && declared.length === 0;
  demand(
    !forced,
    ['tool_choice'],
    "Tool choice 'required' must be specified with 'tools' parameter.",
  );
  if (!isObject(choice)) return;
  const wanted =
    choice['type'] === 'allowed_tools' ? (choice['tools'] as readonly Json[]) : [choice];
  for (const { type, name } of wanted) {
    const isThere = declared.some((tool) => tool['type'] === type && tool['name'] === name);
    const isHosted = type !== 'function' && type !== 'custom';
    const message = `Tool choice '${String(name)}' not found in 'tools' parameter.`;
    demand(isThere || isHosted, ['tool_choice'], message);
  }
}

function checkThinking(body: Json): void {
  const line = modelLine(body['model'] as string);
  const reasoning = body['reasoning'] as Json | null | undefined;
  checkReasoning(body, line, reasoning?.['effort'], ['reasoning', 'effort']);
  if (!line.isOpenAi || line.reasons) return;
  const summary = reasoning?.['summary'] ?? undefined;
  const message = "Unsupported parameter: 'reasoning.summary' is not supported with this model.";
  demand(summary === undefined, ['reasoning', 'summary'], message, 'unsupported_parameter');
  const include = (body['include'] ?? []) as readonly unknown[];
  const isSealed = include.includes('reasoning.encrypted_content');
  demand(!isSealed, ['include'], 'Encrypted content is not supported with this model.');
}

function checkFormat({ text, input }: Json): void {
  const format = (text as Json | undefined)?.['format'] as Json | undefined;
  if (format?.['type'] === 'json_object') {
    const isNamed = /json/iu.test(JSON.stringify(input));
    const message =
      "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
    demand(isNamed, ['input'], message);
  }
  if (format?.['type'] !== 'json_schema') return;
  const { name, schema, strict } = format;
  checkAnswerSchema(name, schema, strict === true, ['text', 'format', 'schema']);
}
