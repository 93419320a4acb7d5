import type { CommandError } from '../exit-codes.ts';
import type { ProblemRow } from '../problem-row.ts';

/** What a starting router tells the command that launched it, one after another. */
export type LaunchMessage =
  | { readonly type: 'progress'; readonly text: string }
  /** The last one of a start that went well. */
  | { readonly type: 'ready'; readonly url: string; readonly banner: string }
  /** The last one of a start that failed. */
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly exitCode: number;
      readonly code?: string;
      readonly problems?: readonly ProblemRow[];
    };

/** The same for a command that failed. */
export function failedMessage(error: CommandError): LaunchMessage {
  const { message, exitCode, code, problems } = error;
  return {
    type: 'failed',
    message,
    exitCode,
    ...(code !== undefined && { code }),
    ...(problems !== undefined && { problems }),
  };
}

/** Tells it, if anybody still listens; resolves when it is told. */
export async function tellLauncher(message: LaunchMessage): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => {
    // Whoever has launched it may be gone meanwhile.
    process.send?.(message, undefined, undefined, () => resolve());
  });
  if (message.type !== 'progress') process.disconnect();
}
