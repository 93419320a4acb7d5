import type { Dialect } from '@cliproxy/plugin-api';
import type { VendorRequest } from '@cliproxy/plugin-testkit';
import { seenByAnthropic } from './anthropic.ts';
import { seenByGemini } from './gemini.ts';
import { seenByChat } from './openai-chat.ts';
import { seenByResponses } from './openai-responses.ts';
import type { Seen } from './seen.ts';

const READERS: Readonly<Record<Dialect, (body: never) => Seen>> = {
  'openai-chat': seenByChat,
  'openai-responses': seenByResponses,
  'anthropic-messages': seenByAnthropic,
  gemini: seenByGemini,
};

/** Reads a request as the vendor does. */
export function seenBy(dialect: Dialect, { body }: VendorRequest): Seen {
  return READERS[dialect](body as never);
}
