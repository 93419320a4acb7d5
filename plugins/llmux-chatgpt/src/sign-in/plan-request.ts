/**
 * Top-level parameters that the use of a plan does not know, and that only tune an answer.
 *
 * @see https://developers.openai.com/siwc/token-sharing-open-source/preview-limitations
 */
const TUNING: readonly string[] = [
  'background',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'moderation',
  'prompt_cache_retention',
  'safety_identifier',
  'temperature',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
];

/**
 * What the gateway strips and reports; and refuses where it is what to go on from, since nothing is
 * kept. `prompt` is left for the vendor to refuse: without it the model would be asked something else.
 */
export const REFUSED: readonly string[] = [...TUNING, 'conversation', 'previous_response_id'];

type PlanBody = Readonly<Record<string, unknown>>;

/**
 * A request as the vendor takes it for a plan: streamed, not stored, and with developers in the
 * place of systems. What the list of models says to strip, is stripped by then; before the list is
 * there, it happens here.
 */
export function planRequest(bytes: Buffer): Buffer {
  const body = JSON.parse(bytes.toString()) as PlanBody;
  const fields = Object.entries(body).filter(([name]) => !TUNING.includes(name));
  const { input } = body;
  const plan = {
    ...Object.fromEntries(fields),
    ...(Array.isArray(input) ? { input: input.map(withoutSystem) } : {}),
    stream: true,
    store: false,
  };
  return Buffer.from(JSON.stringify(plan));
}

function withoutSystem(item: unknown): unknown {
  const isSystem =
    typeof item === 'object' && item !== null && 'role' in item && item.role === 'system';
  return isSystem ? { ...item, role: 'developer' } : item;
}
