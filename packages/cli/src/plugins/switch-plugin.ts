import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createSchemaChecker, parseConfig } from '@cliproxy/config';
import { folderHolder } from '@cliproxy/gateway/data-place';
import { readFacts } from '../background/router-facts.ts';
import { asCommandError } from '../config-file.ts';
import type { CommandConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import type { HealthAnswer } from '../format-health.ts';
import { findGateway } from '../gateway-client.ts';
import type { GatewayClient } from '../gateway-client.ts';
import type { ProblemRow } from '../problem-row.ts';

/** What became of a change of one instance. */
export interface PluginSwitch {
  /** False: the file said so already. */
  readonly changed: boolean;
  /** The instance's state in the running gateway; absent: none runs. */
  readonly state?: string;
}

/** What the running gateway says of the configuration that it was told to read again. */
interface Reloaded {
  readonly outcome?: 'changed' | 'unchanged' | 'failed';
  readonly problems?: readonly ProblemRow[];
}

/**
 * Changes one instance in the configuration file and has the running gateway put it into force, or leaves
 * everything as it was.
 *
 * @param edit - gives the file's new text; `undefined`: it is written in a way that can't be changed.
 * @param wanted - the states of the instance that are a success.
 * @throws CommandError that says why; the file is then as before.
 */
export async function switchPlugin(
  config: CommandConfig,
  instanceId: string,
  edit: (text: string) => string | undefined,
  wanted: readonly string[],
): Promise<PluginSwitch> {
  const client = await gatewayOf(config);
  const before = await readFile(config.file, 'utf8');
  const after = edit(before);
  if (after === undefined) {
    throw new CommandError(
      `${config.file} is written in a way that this command can't change; edit it by hand at plugins.${instanceId}`,
    );
  }
  await asCommandError(async () =>
    parseConfig({
      file: config.file,
      env: process.env,
      text: after,
      checker: createSchemaChecker(),
    }),
  );
  const changed = after !== before;
  if (changed) await replaceText(config.file, after);
  if (client === undefined) return { changed };
  try {
    return { changed, state: await putIntoForce(client, instanceId, wanted) };
  } catch (error) {
    if (!changed) throw error;
    // A file that can't be put into force would keep the gateway from starting the next time.
    await replaceText(config.file, before);
    await client.post('/v1/config/reload', {}).catch(() => undefined);
    const { message, code, problems } = error as CommandError;
    throw new CommandError(`${message}\n${config.file} is as it was before.`, {
      ...(code !== undefined && { code }),
      ...(problems !== undefined && { problems }),
    });
  }
}

/** @throws CommandError where the gateway that runs follows another file. */
async function gatewayOf(config: CommandConfig): Promise<GatewayClient | undefined> {
  const { client } = await findGateway(config);
  if (client === undefined) return undefined;
  const { owner } = await folderHolder(config.settings.data.folder);
  const { config: followed } = readFacts(owner?.details ?? {});
  if (followed !== undefined && !(await sameFile(followed, config.file))) {
    throw new CommandError(
      `the gateway at ${client.url} runs with ${followed}, not with ${config.file}: name that one with --config`,
    );
  }
  return client;
}

async function putIntoForce(
  client: GatewayClient,
  instanceId: string,
  wanted: readonly string[],
): Promise<string> {
  const { body } = await client.post('/v1/config/reload', {});
  const { outcome, problems = [] } = (body ?? {}) as Reloaded;
  if (outcome === undefined) {
    const { error } = (body ?? {}) as { readonly error?: { readonly message?: string } };
    throw new CommandError(
      `the gateway at ${client.url} has not reloaded: ${error?.message ?? ''}`,
    );
  }
  if (outcome === 'failed') {
    throw new CommandError(
      `the running gateway can't put it into force: ${problems.map(({ message }) => message).join('; ')}`,
      { problems, ...(problems[0] && { code: problems[0].code }) },
    );
  }
  const { plugins } = (await client.get('/v1/health')) as HealthAnswer;
  const found = plugins.find((one) => one.instanceId === instanceId);
  if (found !== undefined && wanted.includes(found.state)) return found.state;
  throw new CommandError(
    `plugin "${instanceId}" is ${found?.state ?? 'not there'} in the running gateway: ${(found?.problems ?? []).join('; ')}`,
  );
}

async function sameFile(one: string, other: string): Promise<boolean> {
  const real = (file: string): Promise<string> => realpath(file).catch(() => file);
  return (await real(one)) === (await real(other));
}

/** Whole or not at all, with the former mode; a link stays one. */
async function replaceText(file: string, text: string): Promise<void> {
  const real = await realpath(file);
  const { mode } = await stat(real);
  const temporary = `${real}.${process.pid}`;
  try {
    await writeFile(temporary, text, { mode: mode & 0o777, flush: true });
    await rename(temporary, real);
  } catch {
    // A file that is mounted by itself can't be replaced.
    await rm(temporary, { force: true });
    await writeFile(real, text);
  }
}
