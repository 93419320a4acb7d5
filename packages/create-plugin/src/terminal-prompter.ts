import type { Readable, Writable } from 'node:stream';
import type { Prompter } from './ask.ts';
import { Cancelled } from './ask.ts';

/** Where the person types and reads. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * A person at a terminal. What it needs is loaded only where something is asked.
 *
 * @param terminal - default: that of the process.
 */
export async function terminalPrompter(
  terminal: Terminal = { input: process.stdin, output: process.stdout },
): Promise<Prompter> {
  const { isCancel, select, text } = await import('@clack/prompts');
  const answered = (answer: unknown): string => {
    if (isCancel(answer) || typeof answer !== 'string') throw new Cancelled('cancelled');
    return answer;
  };
  return {
    choose: async (message, choices) =>
      answered(await select({ ...terminal, message, options: [...choices] })),
    async text(message, usual, refuse) {
      const answer = await text({
        ...terminal,
        message,
        placeholder: usual,
        defaultValue: usual,
        validate(given) {
          try {
            refuse(given === undefined || given === '' ? usual : given);
            return undefined;
          } catch (error) {
            return error instanceof Error ? error.message : String(error);
          }
        },
      });
      return answered(answer);
    },
  };
}
