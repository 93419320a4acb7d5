import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { LoginView } from '@cliproxy/gateway';
import { openBrowser } from './open-browser.ts';

/** How to speak with the person. */
export interface TalkOptions {
  /** True: progress is not shown. */
  readonly quiet: boolean;
  readonly browser: boolean;
  /** Whether to ask for what the browser ended at. */
  readonly asksPaste: boolean;
  /** The person pasted something. */
  readonly onPaste: (text: string) => void;
  /** The person pressed Ctrl+C at the question. */
  readonly onInterrupt: () => void;
}

/** What a person sees of a login under way, on standard error. */
export interface LoginTalk {
  show(login: LoginView): void;
  /** Says why a paste was not taken, and asks again. */
  refused(why: string): void;
  close(): void;
}

export function openLoginTalk(options: TalkOptions): LoginTalk {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  let lastProgress: string | undefined;
  let shownUrl: string | undefined;
  let question: Interface | undefined;

  const ask = (): void => {
    const isTerminal = process.stdin.isTTY;
    question = createInterface({
      input: process.stdin,
      output: process.stderr,
      terminal: isTerminal,
    });
    question.setPrompt(
      'If the browser ends at a page that does not open, paste its address, or the code on the page, here:\n> ',
    );
    question.on('line', (line) => {
      if (line.trim() !== '') options.onPaste(line.trim());
    });
    question.on('SIGINT', options.onInterrupt);
    question.prompt();
  };

  return {
    show({ url, code, progress, acceptsPaste, endedAtMs }) {
      if (!options.quiet) {
        const from = lastProgress === undefined ? 0 : progress.lastIndexOf(lastProgress) + 1;
        for (const line of progress.slice(from)) say(line);
        lastProgress = progress.at(-1);
      }
      if (endedAtMs !== undefined) return;
      // With --json too: without it nobody could log in.
      if (url !== undefined && url !== shownUrl) {
        shownUrl = url;
        say(url);
        if (code !== undefined) say(`Code: ${code}`);
        if (options.browser && openBrowser(url)) say('It was opened in a browser.');
      }
      if (acceptsPaste && url !== undefined && options.asksPaste) {
        if (question === undefined) ask();
      } else {
        question?.close();
      }
    },
    refused(why) {
      say(why);
      question?.prompt();
    },
    close: () => question?.close(),
  };
}
