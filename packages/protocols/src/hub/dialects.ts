import type { Dialects } from '@cliproxy/kernel';
import { anthropicMessages } from '../anthropic-messages/anthropic-messages.ts';
import { gemini } from '../gemini/gemini.ts';
import { openAiChat } from '../openai-chat/openai-chat.ts';
import { openAiResponses } from '../openai-responses/openai-responses.ts';
import type { Codecs } from './client-request.ts';
import { hubOf } from './hub.ts';
import type { ItemMemory } from './item-memory.ts';

/** The dialects of the gateway. A new one is a folder and a line here. */
const spoken: Codecs = Object.freeze({
  'openai-chat': openAiChat,
  'openai-responses': openAiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
});

/**
 * Makes the wire formats' side of the kernel.
 *
 * @param memory - of items that clients send back by reference; absent: none are kept.
 */
export function createDialects(memory?: ItemMemory): Dialects {
  return hubOf(spoken, memory);
}
