import type { Prompter } from './ask.ts';
import { Cancelled } from './ask.ts';

/** A person at a terminal. Loaded only where something is asked. */
export async function terminalPrompter(): Promise<Prompter> {
  const { isCancel, select, text } = await import('@clack/prompts');
  const answered = (answer: unknown): string => {
    if (isCancel(answer) || typeof answer !== 'string') throw new Cancelled('cancelled');
    return answer;
  };
  return {
    choose: async (message, choices) => answered(await select({ message, options: [...choices] })),
    async text(message, usual, refuse) {
      const answer = await text({
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
