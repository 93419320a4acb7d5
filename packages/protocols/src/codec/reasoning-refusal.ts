import type { Failure } from '@cliproxy/plugin-api';
import type { ToldFailure } from '@cliproxy/kernel';

/**
 * What vendors say when they refuse reasoning that an earlier answer left in the conversation: it
 * was made by another model or account, was changed, or is missing where the rest of it is there.
 * One list for all dialects, since servers that speak one vendor's dialect repeat another's
 * sentences. Words about switching thinking on or off are not among them.
 *
 * - Anthropic: "messages.1.content.0: Invalid `signature` in `thinking` block", "…thinking.signature:
 *   Field required", "Expected `thinking` or `redacted_thinking`, but found `tool_use`", "`thinking`
 *   or `redacted_thinking` blocks in the latest assistant message cannot be modified".
 * - OpenAI: `invalid_encrypted_content`, "The encrypted content … could not be verified", "Item
 *   'rs_…' of type 'reasoning' was provided without its required following item", "Item with id
 *   'rs_…' not found".
 * - Gemini: "Function call is missing a thought_signature", "Thought signature is not valid".
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/extended-thinking
 * @see https://platform.openai.com/docs/guides/reasoning
 * @see https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const SENTENCES: readonly RegExp[] = [
  /thought[_ ]?signature/i,
  /signature`? in `?(?:redacted_)?thinking/i,
  /\bthinking\.signature\b/,
  /\bredacted_thinking\b/,
  /\bthinking`? blocks?\b/i,
  /\b(?:invalid_)?encrypted[_ ]content\b/i,
  /\bof type 'reasoning'/i,
  /\bitem with id 'rs_/i,
];

/** Sentences stand at the beginning of an error; what follows is a page, or quotes the request. */
const MAX_CHARS = 1000;

/**
 * The failure, with whether it is one.
 *
 * @param text - that tells it: the error with its message and code.
 */
export function withReasoningRefusal(failure: Failure, text: string): ToldFailure {
  if (failure.kind !== 'bad-request') return failure;
  const told = text.slice(0, MAX_CHARS);
  return SENTENCES.some((sentence) => sentence.test(told))
    ? { ...failure, refusesReasoning: true }
    : failure;
}
