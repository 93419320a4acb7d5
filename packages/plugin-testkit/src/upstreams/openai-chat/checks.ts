import { checkAnswerSchema, checkFunctionSchema } from '../openai/function-schema.ts';
import { modelLine } from '../openai/model-line.ts';
import type { ModelLine } from '../openai/model-line.ts';
import { checkReasoning } from '../openai/sampling.ts';
import { demand } from '../refusal.ts';
import { isObject } from '../shape.ts';
import type { Json } from '../shape.ts';
import { checkOrder } from './conversation.ts';
import { chatBody } from './fields.ts';

/**
 * Everything that the API refuses in a request.
 *
 * @param speaksReasoning - whether the server knows `reasoning_content`.
 * @throws Refusal
 * @see https://developers.openai.com/api/reference/resources/chat
 */
export function checkChat(body: Json, speaksReasoning: boolean): void {
  chatBody(speaksReasoning)(body, []);
  const line = modelLine(body['model'] as string);
  checkOrder(body['messages'] as readonly Json[]);
  checkTools(body);
  checkLimits(body, line);
  checkReasoning(body, line, body['reasoning_effort'], ['reasoning_effort']);
  checkFormat(body);
}

function checkTools({ tools, tool_choice: choice, parallel_tool_calls: parallel }: Json): void {
  if (tools === undefined) {
    for (const [name, value] of [
      ['tool_choice', choice],
      ['parallel_tool_calls', parallel],
    ] as const) {
      const message = `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`;
      demand(value === undefined, [name], message);
    }
    return;
  }
  const names = (tools as readonly Json[]).map((tool, at) => {
    const declared = tool[tool['type'] as string] as Json;
    const { name, parameters, strict } = declared;
    checkFunctionSchema(name, parameters, strict === true, ['tools', at, 'function', 'parameters']);
    return name;
  });
  for (const name of namesIn(choice)) {
    const message = `Invalid value for 'tool_choice': '${String(name)}' was not found in 'tools'.`;
    demand(names.includes(name), ['tool_choice'], message);
  }
}

function namesIn(choice: unknown): readonly unknown[] {
  if (!isObject(choice)) return [];
  const allowed = choice['allowed_tools'] as { readonly tools: readonly Json[] } | undefined;
  return (allowed?.tools ?? [choice]).map((tool) => (tool[tool['type'] as string] as Json)['name']);
}

function checkLimits(body: Json, line: ModelLine): void {
  const { max_tokens: old, max_completion_tokens: limit } = body;
  const isOld = old !== undefined && old !== null;
  const isBoth = isOld && limit !== undefined && limit !== null;
  const both =
    "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
  demand(!isBoth, ['max_tokens'], both);
  const unsupported =
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  demand(!isOld || !line.reasons, ['max_tokens'], unsupported, 'unsupported_parameter');
  const options = body['stream_options'] ?? undefined;
  const onlyStreamed = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
  demand(options === undefined || body['stream'] === true, ['stream_options'], onlyStreamed);
  const top = body['top_logprobs'] ?? undefined;
  const onlyLogged = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.";
  demand(top === undefined || body['logprobs'] === true, ['top_logprobs'], onlyLogged);
}

function checkFormat(body: Json): void {
  const format = body['response_format'] as Json | undefined;
  if (format?.['type'] === 'json_object') {
    const isNamed = /json/iu.test(JSON.stringify(body['messages']));
    const message =
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
    demand(isNamed, ['messages'], message);
  }
  const declared = format?.['json_schema'] as Json | undefined;
  if (declared === undefined) return;
  const { name, schema, strict } = declared;
  checkAnswerSchema(name, schema, strict === true, ['response_format']);
}
