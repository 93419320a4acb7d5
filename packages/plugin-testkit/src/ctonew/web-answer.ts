import { setImmediate as turn } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { CtonewFault } from './json-answer.ts';

/** What a chat of the web page is answered. */
export type CtonewAnswer =
  | {
      readonly thoughts?: readonly string[];
      readonly text: readonly string[];
      /** Each message holds all that was said so far, in the place of what is new. */
      readonly snapshots?: boolean;
      /** Closes with this code where the end is due. */
      readonly closeCode?: number;
      /** The answer ends cancelled. */
      readonly cancelled?: boolean;
      /** The end never comes. */
      readonly hangs?: boolean;
      /** What is sent before all else, as it is. */
      readonly raw?: readonly string[];
      /** Says its text again and again, as fast as the other side takes it. */
      readonly endless?: boolean;
    }
  /** The chat is refused. */
  | { readonly error: CtonewFault };

/** What goes on a stream that opens, before there is any chat. */
export const IDLE = JSON.stringify({
  type: 'state',
  state: { inProgress: false, cancelled: false, taskId: null },
});

/** Says an answer as EngineLabs does. @param sent - called with each message. */
export async function sayAnswer(
  socket: WebSocket,
  answer: Exclude<CtonewAnswer, { error: unknown }>,
  sent: () => void,
): Promise<void> {
  const say = (message: string): Promise<void> =>
    new Promise((resolve) => {
      socket.send(message, () => resolve());
      sent();
    });
  const state = (inProgress: boolean, cancelled = false): Promise<void> =>
    say(JSON.stringify({ type: 'state', state: { inProgress, cancelled, taskId: null } }));
  for (const message of answer.raw ?? []) await say(message);
  await state(true);
  await say(update({ type: 'chat', chat: { role: 'user', content: 'an echo of the question' } }));
  for (const type of ['thinking', 'chat'] as const) {
    const pieces = (type === 'chat' ? answer.text : answer.thoughts) ?? [];
    for (let at = 0; at < pieces.length; at += 1) {
      const content = answer.snapshots ? pieces.slice(0, at + 1).join('') : (pieces[at] ?? '');
      await say(update({ type, [type]: { content } }));
      // One message per packet, as over a real network.
      await turn();
      const again = answer.endless && at === pieces.length - 1 && socket.readyState === socket.OPEN;
      if (again) at = -1;
    }
  }
  if (answer.hangs) return;
  if (answer.closeCode === undefined) await state(false, answer.cancelled);
  else socket.close(answer.closeCode);
}

function update(inner: object): string {
  return JSON.stringify({ type: 'update', buffer: JSON.stringify(inner) });
}
