import { formatExplanation } from '@cliproxy/gateway';
import type { Explanation } from '@cliproxy/gateway';
import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import { connectOrStart } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

/** `cliproxy explain MODEL`: which targets would be tried for a model, in which order, and why. */
export function explainCommand(): Command {
  return listingCommand('explain', 'say which provider would serve a model, and why')
    .argument('<model>', 'model name, as a client would write it')
    .option('--dialect <dialect>', 'dialect of the client', 'openai-chat')
    .action(async (model: string, options: CommonOptions & { readonly dialect: string }) => {
      const printer = createPrinter(options.json);
      const client = await connectOrStart(await readConfig(options.config), printer);
      try {
        const query = new URLSearchParams({ model, dialect: options.dialect });
        const explanation = (await client.get(`/v1/routes/explain?${query.toString()}`)) as Explanation;
        printer.result(explanation, formatExplanation(explanation));
      } finally {
        await client.close();
      }
    });
}
