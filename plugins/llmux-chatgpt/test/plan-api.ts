import type { AnswerScript, ReceivedRequest, ScriptedAnswer } from '@cliproxy/plugin-testkit';

const MODELS = [
  { slug: 'gpt-plan', display_name: 'GPT Plan', visibility: 'list' },
  { slug: 'gpt-hidden', display_name: 'Hidden', visibility: 'hide' },
];

const REFUSED = [
  ...['background', 'conversation', 'max_output_tokens', 'max_tool_calls', 'metadata'],
  ...['moderation', 'previous_response_id', 'prompt', 'prompt_cache_retention', 'truncation'],
  ...['safety_identifier', 'temperature', 'top_logprobs', 'top_p', 'user'],
];

/** The API as it is for plans: a list of its own shape, and Responses as streams alone. */
export function planApi(
  token: () => string,
  answer: () => ScriptedAnswer | undefined = () => undefined,
): AnswerScript {
  return (request) => {
    if (request.headers.authorization !== `Bearer ${token()}`) {
      return { status: 401, body: '{"detail":"the token is not valid"}' };
    }
    if (request.url === '/v1/models') return { body: JSON.stringify({ models: MODELS }) };
    if (request.method !== 'POST' || request.url !== '/v1/responses') {
      return refusal(403, 'subscription_sharing_route_not_supported');
    }
    const fault = faultIn(request);
    return fault === undefined ? (answer() ?? STREAM) : { status: 400, body: fault };
  };
}

export function refusal(status: number, code: string, more: object = {}): ScriptedAnswer {
  const error = { code, message: `refused with ${code}`, ...more };
  return { status, body: JSON.stringify({ error }) };
}

function faultIn({ body }: ReceivedRequest): string | undefined {
  const fields = JSON.parse(body.toString()) as Readonly<Record<string, unknown>>;
  const unknown = REFUSED.find((name) => name in fields);
  const input = Array.isArray(fields.input) ? (fields.input as { role?: string }[]) : [];
  const faults = [
    ...(unknown === undefined ? [] : [`Unsupported parameter: ${unknown}`]),
    ...(fields.stream === true ? [] : ['Stream must be set to true']),
    ...(fields.store === false ? [] : ['Store must be set to false']),
    ...(input.some(({ role }) => role === 'system') ? ['System messages are not allowed'] : []),
  ];
  return faults.length === 0 ? undefined : JSON.stringify({ detail: faults.join('; ') });
}

const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'hello', annotations: [] }],
};
const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'gpt-plan',
  status: 'in_progress',
  output: [],
};
const usage = { input_tokens: 3, output_tokens: 1, total_tokens: 4 };
const place = { output_index: 0, content_index: 0, item_id: 'msg_1' };
const part = { type: 'output_text', text: '', annotations: [] };

const EVENTS = [
  { type: 'response.created', response },
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...message, status: 'in_progress', content: [] },
  },
  { type: 'response.content_part.added', ...place, part },
  { type: 'response.output_text.delta', ...place, delta: 'hello' },
  { type: 'response.output_text.done', ...place, text: 'hello' },
  { type: 'response.content_part.done', ...place, part: message.content[0] },
  { type: 'response.output_item.done', output_index: 0, item: message },
  // What is not stored is told by its pieces alone.
  { type: 'response.completed', response: { ...response, status: 'completed', usage } },
];

const STREAM: ScriptedAnswer = {
  headers: { 'content-type': 'text/event-stream' },
  body: EVENTS.map(
    (event, number) =>
      `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: number })}\n\n`,
  ),
};
