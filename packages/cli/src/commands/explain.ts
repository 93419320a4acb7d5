import type { Explanation } from '@cliproxy/gateway';
import { Option } from 'commander';
import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import { connectOrStart } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

const DIALECTS = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const;

/** `cliproxy explain MODEL`: which targets would be tried for a model, in which order, and why. */
export function explainCommand(): Command {
  return listingCommand('explain', { example: 'cliproxy explain claude-sonnet-5' })
    .argument('<model>', 'model name, as a client would write it')
    .addOption(
      new Option('--dialect <dialect>', 'dialect of the client')
        .choices(DIALECTS)
        .default(DIALECTS[0]),
    )
    .action(async (model: string, options: CommonOptions & { readonly dialect: string }) => {
      const printer = createPrinter(options.json);
      const client = await connectOrStart(await readConfig(options.config), printer);
      try {
        const query = new URLSearchParams({ model, dialect: options.dialect });
        const explanation = (await client.get(
          `/v1/routes/explain?${query.toString()}`,
        )) as Explanation;
        const { formatExplanation } = await import('@cliproxy/gateway');
        printer.result(explanation, formatExplanation(explanation));
        // So that a script can ask whether anything would serve a model.
        if (!explanation.candidates.some(({ usable }) => usable)) process.exitCode = EXIT.failed;
      } finally {
        await client.close();
      }
    });
}
