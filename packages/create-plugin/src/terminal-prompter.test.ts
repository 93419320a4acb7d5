import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { Cancelled } from './ask.ts';
import { DIALECTS } from './choices.ts';
import { terminalPrompter } from './terminal-prompter.ts';

const ENTER = '\r';
const DOWN = '\u001b[B';
const CTRL_C = '\u0003';

/** A terminal at which keys are pressed, each after what it answers was shown. */
function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const output = new PassThrough();
  let shown = '';
  output.on('data', (piece: Buffer) => (shown += piece.toString()));
  return {
    input,
    output,
    shown: () => shown,
    async press(...keys: readonly string[]): Promise<void> {
      for (const key of keys) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        input.write(key);
      }
    },
  };
}

test('a choice is taken by the arrows and Enter', async () => {
  const at = terminal();
  const prompter = await terminalPrompter(at);
  const answer = prompter.choose('Which dialect?', DIALECTS);
  await at.press(DOWN, DOWN, ENTER);
  expect(await answer).toBe('anthropic-messages');
  expect(at.shown()).toContain('Which dialect?');
});

test('an answer that will not do is asked for again with the reason; Enter alone is the usual one', async () => {
  const at = terminal();
  const prompter = await terminalPrompter(at);
  const refuse = (answer: string): void => {
    if (answer === 'x') throw new Error('no x, please');
  };
  const typed = prompter.text('Name?', 'usual', refuse);
  await at.press('x', ENTER, 'y', ENTER);
  expect(await typed).toBe('xy');
  expect(at.shown()).toContain('no x, please');
  const usual = prompter.text('Name?', 'usual', refuse);
  await at.press(ENTER);
  expect(await usual).toBe('usual');
});

test('Ctrl+C is no answer', async () => {
  const at = terminal();
  const prompter = await terminalPrompter(at);
  const answer = prompter.choose('Which dialect?', DIALECTS);
  const refused = expect(answer).rejects.toBeInstanceOf(Cancelled);
  await at.press(CTRL_C);
  await refused;
});
