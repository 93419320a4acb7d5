import type { CtonewService } from '../config.ts';

/** What the address of an answer's stream ends with. */
export const ANSWER_STREAM = /\/engine-agent\/chat-histories\/[^/?]+\/buffer\/stream$/u;

/** Where the answer to a chat is heard, before the account's credential is on it. */
export function answerStreamUrl({ webSocket }: CtonewService, chatId: string): string {
  return `${webSocket}/engine-agent/chat-histories/${chatId}/buffer/stream`;
}
