import type { FinishReason, Usage } from '@cliproxy/plugin-api';
import type { AnswerContext } from '../codec/answer-context.ts';
import type { RequestEcho } from '../codec/request-echo.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import { clientNames } from './namespaces.ts';
import { writeStatus } from './status.ts';
import { writeUsage } from './usage.ts';

/** The dialect's id for an answer: the upstream's where it is one of these. */
export function responseId(upstreamId: string | undefined, context: AnswerContext): string {
  return upstreamId?.startsWith('resp_') === true ? upstreamId : `resp_${context.id}`;
}

/** What a response says that changes while it is made. */
export interface ResponseState {
  readonly id: string;
  readonly finish?: FinishReason;
  readonly holdsRefusal?: boolean;
  readonly error?: JsonObject;
  readonly usage?: Usage | undefined;
}

/** The members of a response that change, less its output. */
export function changingMembers(state: ResponseState, context: AnswerContext): JsonObject {
  const { id, finish, error, usage } = state;
  const ended =
    finish === undefined
      ? { status: error === undefined ? 'in_progress' : 'failed', incomplete_details: null }
      : writeStatus(finish, state.holdsRefusal === true);
  return {
    id,
    object: 'response',
    created_at: context.createdS,
    ...ended,
    completed_at:
      ended.status === 'completed'
        ? Math.max(context.createdS, Math.floor(Date.now() / 1000))
        : null,
    error: error ?? null,
    ...(usage === undefined ? {} : { usage: writeUsage(usage) }),
  };
}

/** The members of a response that stay: the model, and the request's parameters repeated. */
export function constantMembers(context: AnswerContext): JsonObject {
  return { model: context.model, ...(context.echo?.fields ?? echoedFields({})) };
}

/**
 * What the vendor's answers repeat of a request. Parameters that the client left out have the
 * vendor's default, or none where that depends on the model.
 */
export function requestEcho(body: JsonObject): RequestEcho {
  return { fields: echoedFields(body), calls: clientNames(body) };
}

function echoedFields(body: JsonObject): JsonObject {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(DEFAULTS)) fields[key] = body[key] ?? value;
  return {
    ...fields,
    instructions: typeof body.instructions === 'string' ? body.instructions : null,
    reasoning: { effort: null, summary: null, ...objectOr(body.reasoning) },
    text: { format: { type: 'text' }, ...objectOr(body.text) },
    tools: Array.isArray(body.tools) ? body.tools.map(echoedTool) : [],
    ...Object.fromEntries(
      OPTIONAL.filter((key) => isSet(body[key])).map((key) => [key, body[key]]),
    ),
  };
}

const DEFAULTS: JsonObject = {
  access_programs: null,
  background: false,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  temperature: null,
  tool_choice: 'auto',
  top_logprobs: null,
  top_p: null,
  truncation: 'disabled',
};

const OPTIONAL: readonly string[] = [
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'store',
  'user',
];

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function objectOr(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** In an answer, a function has all its members. */
function echoedTool(tool: unknown): unknown {
  return isJsonObject(tool) && tool.type === 'function'
    ? { ...tool, parameters: tool.parameters ?? null, strict: tool.strict ?? null }
    : tool;
}
