import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { KernelSettings, Problem } from '@cliproxy/kernel';
import { checkBind } from './bind-safety.ts';
import { configDocumentSchema } from './config-document.ts';
import type { ConfigDocument } from './config-document.ts';
import { ConfigError } from './config-error.ts';
import { deepFreeze } from './deep-freeze.ts';
import type { ProblemSource } from './describe-problem.ts';
import { applyOverrides, readEnvOverrides } from './env-overrides.ts';
import type { EnvOverrides } from './env-overrides.ts';
import { expandEnv } from './expand-env.ts';
import type { Env, Expanded } from './expand-env.ts';
import { fromPointer, pathName } from './pointer.ts';
import { createSchemaChecker } from './schema-checker.ts';
import type { ConfigChecker } from './schema-checker.ts';
import { readData } from './sections/data-section.ts';
import { checkInstanceIds, fillBareEntries, readPlugins } from './sections/plugins-section.ts';
import { checkAliases, checkTargets } from './sections/routing-section.ts';
import type { GatewaySettings } from './settings.ts';
import { wordsFor } from './words.ts';
import { MAX_CONFIG_BYTES, readYaml } from './yaml-document.ts';

/** Where a configuration comes from. */
export interface ConfigOrigin {
  /** Path of the file; shown in messages as it is. */
  readonly file: string;
  /** The environment, for example `process.env`. */
  readonly env: Env;
  /** One to use again, since making ready costs more than checking. Default: a new one. */
  readonly checker?: ConfigChecker;
}

/** A configuration that can be used, and what is needed to speak of it. */
export interface LoadedConfig extends ProblemSource {
  readonly settings: GatewaySettings;
}

/**
 * Reads and validates the configuration file.
 *
 * @throws ConfigError with every problem: `CONFIG_NOT_FOUND`, `CONFIG_SYNTAX`, `CONFIG_INVALID`,
 *   `CONFIG_ENV_UNSET`, `CONFIG_UNSAFE`.
 */
export async function loadConfig(origin: ConfigOrigin): Promise<LoadedConfig> {
  return parseConfig({ ...origin, text: await readConfigFile(origin.file) });
}

/**
 * Validates the text of a configuration file. A variable that an instance refers to and that isn't
 * set becomes a problem of that instance, unless it is disabled.
 *
 * @throws ConfigError as {@link loadConfig}.
 */
export function parseConfig(origin: ConfigOrigin & { readonly text: string }): LoadedConfig {
  const { file, env, text, checker = createSchemaChecker() } = origin;
  const yaml = readYaml(text);
  const source: ProblemSource = { file, locate: yaml.locate };
  if (yaml.problems.length > 0) throw new ConfigError(source, yaml.problems);

  const overrides = readEnvOverrides(env, text);
  const expanded = expandEnv(withBareEntries(yaml.value), env, MAX_CONFIG_BYTES);
  if (expanded.isTooLarge) throw new ConfigError(source, [TOO_LARGE]);
  const references = referenceProblems(expanded, overrides);
  const document = applyOverrides(withoutUnset(expanded.value, references), overrides);
  const words = wordsFor(expanded, overrides);
  const { value, problems } = checker.check(configDocumentSchema, document, '', words);
  const fatal = references.filter(({ instanceId }) => instanceId === undefined);
  const ids = Object.keys(asMapping(asMapping(value)['plugins']));
  const schemaProblems = problems
    .filter((problem) => !references.some(({ pointer }) => pointer === problem.pointer))
    .map((problem) => withoutPlace(problem, overrides));
  const early = [...overrides.problems, ...fatal, ...schemaProblems, ...checkInstanceIds(ids)];
  // Only what has the right form can be looked at for sense.
  if (early.length > 0) throw new ConfigError(source, early);
  const checked = value as ConfigDocument;
  const late = [
    ...checkTargets(checked.routes, ids, words),
    ...checkAliases(checked.aliases, words),
    ...checkBind(checked.server, words).map((problem) => withoutPlace(problem, overrides)),
  ];
  if (late.length > 0) throw new ConfigError(source, late);
  return { ...source, settings: toSettings(checked, path.resolve(file), references) };
}

/** The file's text, if it is a file that can be a configuration. */
async function readConfigFile(file: string): Promise<string> {
  const fail = (problem: Problem): ConfigError =>
    new ConfigError({ file, locate: () => undefined }, [problem]);
  let bytes: Buffer;
  try {
    // Before it is opened: opening a pipe could wait for ever.
    const found = await stat(file);
    if (!found.isFile()) throw fail({ code: 'CONFIG_NOT_FOUND', message: 'This is not a file.' });
    if (found.size > MAX_CONFIG_BYTES) throw fail(TOO_LARGE);
    bytes = await readAtMost(file, MAX_CONFIG_BYTES + 1);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw fail(unreadable(error));
  }
  if (bytes.length > MAX_CONFIG_BYTES) throw fail(TOO_LARGE);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail({ code: 'CONFIG_SYNTAX', message: 'The file is not UTF-8 text; save it as such.' });
  }
}

/** A file that grows while it is read can't take more than this. */
async function readAtMost(file: string, maxBytes: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(maxBytes);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, maxBytes - length);
      length += bytesRead;
      if (bytesRead === 0 || length === maxBytes) return buffer.subarray(0, length);
    }
  } finally {
    await handle.close();
  }
}

const TOO_LARGE: Problem = {
  code: 'CONFIG_SYNTAX',
  message: `The file, or what its references expand to, is larger than ${MAX_CONFIG_BYTES} bytes; make it smaller.`,
};

function unreadable(error: unknown): Problem {
  const { code } = error as { code?: string };
  const message =
    code === 'ENOENT' || code === 'ENOTDIR'
      ? 'There is no such file. Name another with --config, or run `cliproxy start` without one to have it written.'
      : `The file cannot be read (${code ?? 'unknown reason'}); check its permissions.`;
  return { code: 'CONFIG_NOT_FOUND', message, cause: error };
}

function withBareEntries(document: unknown): unknown {
  const mapping = asMapping(document);
  if (!Object.hasOwn(mapping, 'plugins')) return document;
  return { ...mapping, plugins: fillBareEntries(mapping['plugins']) };
}

/** What references ask for and don't get; those of an instance carry its id. */
function referenceProblems(expanded: Expanded, overrides: EnvOverrides): readonly Problem[] {
  const plugins = asMapping(asMapping(expanded.value)['plugins']);
  return expanded.problems.flatMap(({ pointer, unset }): Problem[] => {
    if (overrides.values.has(pointer)) return [];
    const name = pathName(pointer);
    if (unset === undefined) {
      const message = `${name} holds "\${", but no reference; write \${NAME} or \${NAME:-default}, or $\${ for the text itself.`;
      return [{ code: 'CONFIG_INVALID', message, pointer }];
    }
    const remedy = `Set it, or write \${${unset}:-default}`;
    const problem: Problem = {
      code: 'CONFIG_ENV_UNSET',
      message: `${name} refers to the environment variable ${unset}, which is not set. ${remedy}.`,
      pointer,
    };
    const [section, instanceId] = fromPointer(pointer);
    if (section !== 'plugins' || instanceId === undefined) return [problem];
    if (isDisabled(plugins[instanceId])) return [];
    const message = problem.message.replace(/\.$/, ', or disable the instance (enabled: false).');
    return [{ ...problem, message, instanceId }];
  });
}

function isDisabled(entry: unknown): boolean {
  const { enabled } = asMapping(entry);
  return enabled === false || enabled === 'false';
}

/** Leaves out what an instance has no value for, so that it isn't found wrong a second time. */
function withoutUnset(document: unknown, references: readonly Problem[]): unknown {
  const keys = references.flatMap(({ pointer = '', instanceId }) => {
    const segments = fromPointer(pointer);
    return instanceId !== undefined && segments.length === 3 ? [segments] : [];
  });
  if (keys.length === 0) return document;
  const plugins = { ...asMapping(asMapping(document)['plugins']) };
  for (const [, id = '', key = ''] of keys) {
    const entry = { ...asMapping(plugins[id]) };
    Reflect.deleteProperty(entry, key);
    plugins[id] = entry;
  }
  return { ...asMapping(document), plugins };
}

/** A value of the environment stands nowhere in the file. */
function withoutPlace(problem: Problem, overrides: EnvOverrides): Problem {
  const { pointer, ...rest } = problem;
  return pointer !== undefined && overrides.values.has(pointer) ? rest : problem;
}

function toSettings(
  document: ConfigDocument,
  file: string,
  references: readonly Problem[],
): GatewaySettings {
  const baseDir = path.dirname(file);
  const { plugins, routes, aliases, timeouts, failover, accountStrategy, usage } = document;
  const kernel: KernelSettings = {
    baseDir,
    plugins: readPlugins(plugins, baseDir, references),
    routes,
    // Without a prototype: a request for the model "constructor" must find nothing.
    aliases: Object.assign(Object.create(null) as Record<string, string>, aliases),
    timeouts,
    failover,
    accountStrategy,
    usage,
  };
  const { file: logFile, ...log } = document.log;
  return deepFreeze({
    server: document.server,
    log: logFile === undefined ? log : { ...log, file: path.resolve(baseDir, logFile) },
    data: readData(document.data, baseDir),
    kernel,
  });
}

function asMapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
