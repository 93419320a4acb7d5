import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import { connectOrStart } from '../gateway-client.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

interface TestOptions extends CommonOptions {
  readonly model?: string;
  readonly prompt: string;
}

/** What a test of a provider found. */
interface TestResult {
  readonly ok: boolean;
  readonly provider: string;
  readonly model: string;
  readonly status: number;
  readonly firstByteMs: number;
  readonly totalMs: number;
  readonly answer?: string;
  readonly usage?: unknown;
  readonly error?: unknown;
}

/** `cliproxy test-provider NAME`: one small real request through one plugin instance. */
export function testProviderCommand(): Command {
  return listingCommand('test-provider', 'send one small request through one provider')
    .argument('<name>', 'plugin instance, as under "plugins:"')
    .option('--model <model>', "model to ask; default: the first of the provider's list")
    .option('--prompt <text>', 'what to ask', 'Say "ok" and nothing else.')
    .action(async (name: string, options: TestOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const known = config.settings.kernel.plugins.map(({ instanceId }) => instanceId);
      if (!known.includes(name)) {
        throw new CommandError(
          `there is no plugin "${name}": the configuration has ${known.join(', ')}`,
        );
      }
      const client = await connectOrStart(config, printer);
      try {
        const model = options.model ?? (await firstModel(client, name));
        printer.note(`asking ${name} for ${model} …`);
        const result = await ask(client, name, model, options.prompt);
        printer.result(result, describe(result));
        if (!result.ok) throw new CommandError('');
      } finally {
        await client.close();
      }
    });
}

/** Providers tell their models some time after the start, so the list is asked for a few times. */
async function firstModel(client: GatewayClient, name: string): Promise<string> {
  for (let tries = 0; tries < 20; tries += 1) {
    const list = (await client.get('/v1/models')) as {
      readonly data: readonly { readonly id: string; readonly owned_by: string }[];
    };
    const own = list.data.find(({ owned_by: owner }) => owner === name);
    if (own !== undefined) return own.id;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new CommandError(`${name} lists no model: name one with --model`);
}

async function ask(
  client: GatewayClient,
  provider: string,
  model: string,
  prompt: string,
): Promise<TestResult> {
  const started = performance.now();
  const reply = await client.post('/v1/chat/completions', {
    model: `${provider}/${model}`,
    messages: [{ role: 'user', content: prompt }],
    max_tokens: 64,
  });
  const firstByteMs = Math.round(performance.now() - started);
  const body = (await reply.json()) as {
    readonly choices?: readonly { readonly message?: { readonly content?: string } }[];
    readonly usage?: unknown;
    readonly error?: unknown;
  };
  const answer = body.choices?.[0]?.message?.content;
  return {
    ok: reply.ok,
    provider,
    model,
    status: reply.status,
    firstByteMs,
    totalMs: Math.round(performance.now() - started),
    ...(typeof answer === 'string' && { answer }),
    ...(body.usage !== undefined && { usage: body.usage }),
    ...(body.error !== undefined && { error: body.error }),
  };
}

function describe(result: TestResult): string {
  const head = `${result.provider}/${result.model}: ${result.status} in ${result.totalMs} ms`;
  if (result.ok) return `${head}\n${result.answer ?? ''}`;
  const message = (result.error as { readonly message?: string } | undefined)?.message;
  return `${head}\n${message ?? JSON.stringify(result.error)}`;
}
