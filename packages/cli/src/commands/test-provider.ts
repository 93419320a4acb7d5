import type { Command } from 'commander';
import { readConfig, instanceNamed } from '../config-file.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { noAccount } from '../findings/plugin.ts';
import type { HealthAnswer } from '../format-health.ts';
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
  readonly durationMs: number;
  readonly answer?: string;
  readonly usage?: unknown;
  readonly error?: unknown;
}

/** Providers tell their models some time after the start: how often, and how far apart, to ask. */
const LIST_TRIES = 20;
const LIST_PAUSE_MS = 250;

/** `cliproxy test-provider NAME`: one small real request through one plugin instance. */
export function testProviderCommand(): Command {
  return listingCommand('test-provider', { example: 'cliproxy test-provider echo' })
    .argument('<name>', 'plugin instance, as under "plugins:", or the first word of its id')
    .option('--model <model>', "model to ask; default: the first of the provider's list")
    .option('--prompt <text>', 'what to ask', 'Say "ok" and nothing else.')
    .action(async (name: string, options: TestOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const instance = instanceNamed(config, name);
      const client = await connectOrStart(config, printer);
      try {
        await requireReady(client, instance, config.file);
        const model = options.model ?? (await firstModel(client, instance));
        printer.note(`asking ${instance} for ${model} …`);
        const result = await ask(client, instance, model, options.prompt);
        printer.result(result, describe(result));
        if (!result.ok) process.exitCode = EXIT.failed;
      } finally {
        await client.close();
      }
    });
}

/** @throws CommandError that says why the instance can't answer, and what to do. */
async function requireReady(client: GatewayClient, name: string, file: string): Promise<void> {
  const { plugins } = (await client.get('/v1/health')) as HealthAnswer;
  const plugin = plugins.find(({ instanceId }) => instanceId === name);
  switch (plugin?.state) {
    case undefined:
      throw new CommandError(
        `the gateway at ${client.url} has no plugin "${name}": it runs with another configuration than ${file}`,
      );
    case 'disabled':
      throw new CommandError(`${name} is disabled: set plugins.${name}.enabled to true in ${file}`);
    case 'needs-login':
      throw new CommandError(`${name} ${noAccount(name)}`);
    case 'failed':
      throw new CommandError(`${name} could not be set up: ${plugin.problems.join('; ')}`);
    // One that is out for its own faults says so itself, in the answer to the test.
    case 'sick':
    case 'starting':
    case 'ready':
    case 'stopped':
  }
}

async function firstModel(client: GatewayClient, name: string): Promise<string> {
  for (let tries = 0; tries < LIST_TRIES; tries += 1) {
    const list = (await client.get('/v1/models')) as {
      readonly data: readonly { readonly id: string; readonly owned_by: string }[];
    };
    const own = list.data.find(({ owned_by: owner }) => owner === name);
    if (own !== undefined) return own.id;
    await new Promise((resolve) => setTimeout(resolve, LIST_PAUSE_MS));
  }
  throw new CommandError(`GET /v1/models lists no model of ${name}: name one with --model`);
}

async function ask(
  client: GatewayClient,
  provider: string,
  model: string,
  prompt: string,
): Promise<TestResult> {
  const begunMs = performance.now();
  // No limit of tokens: vendors disagree on its name, and some refuse the other one.
  const { ok, status, body } = await client.post('/v1/chat/completions', {
    model: `${provider}/${model}`,
    messages: [{ role: 'user', content: prompt }],
  });
  const { choices, usage, error } = (body ?? {}) as {
    readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[];
    readonly usage?: unknown;
    readonly error?: unknown;
  };
  const answer = choices?.[0]?.message?.content;
  return {
    ok,
    provider,
    model,
    status,
    durationMs: Math.round(performance.now() - begunMs),
    ...(typeof answer === 'string' && { answer }),
    ...(usage !== undefined && { usage }),
    ...(error !== undefined && { error }),
  };
}

function describe(result: TestResult): string {
  const head = `${result.provider}/${result.model}: ${result.status} in ${result.durationMs} ms`;
  if (result.ok) return `${head}\n${result.answer ?? ''}`;
  const message = (result.error as { readonly message?: string } | undefined)?.message;
  return `${head}\n${message ?? JSON.stringify(result.error)}`;
}
