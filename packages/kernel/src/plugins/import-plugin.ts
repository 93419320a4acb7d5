import { pathToFileURL } from 'node:url';
import { API_VERSION, GatewayError } from '@cliproxy/plugin-api';
import { pluginOptions } from '@cliproxy/plugin-api/host';
import { copyProblem } from './api-version.ts';
import { changedSince } from './changed-since.ts';
import type { PluginSource } from './plan-instances.ts';
import { isOutOfTime, within } from './within.ts';

/** A plugin as its package exports it, looked into. */
export interface LoadedPlugin {
  /** JSON Schema of its configuration. */
  readonly schema: object;
  /** By the names that the plugin gave them; not checked yet. */
  readonly deps: unknown;
  readonly setup: (context: object, deps: object) => unknown;
  /** Ends what runs for it, where that is not the gateway itself. Never rejects. */
  readonly end?: () => Promise<void>;
}

/**
 * Imports plugins one after another: on Node 20 a CommonJS plugin that requires an ES module fails
 * while another import of that module is under way.
 */
export class PluginImporter {
  readonly #limitMs: number;
  #last: Promise<unknown> = Promise.resolve();
  /** When each file was first imported, in milliseconds since 1970: Node keeps it from then on. */
  readonly #importedMs = new Map<string, number>();

  /** @param limitMs - how long one import may take. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * Runs the plugin's module.
   *
   * @param file - absolute path of the entry.
   * @param name - what to call the plugin in errors.
   * @throws GatewayError `PLUGIN_IMPORT_FAILED`, `PLUGIN_API_VERSION`, `PLUGIN_BAD_CONTRIBUTION`
   */
  async load(file: string, name: string): Promise<LoadedPlugin> {
    const turn = this.#last.then(() => this.#import(file, name));
    this.#last = turn.catch(() => undefined);
    const module = await turn;
    const found = exportsOf(module).find((value) => pluginOptions(value) !== undefined);
    if (found === undefined) {
      throw new GatewayError(
        'PLUGIN_IMPORT_FAILED',
        `${name}: the default export of ${file} is not made by definePlugin()`,
      );
    }
    return lookInto(found, name);
  }

  /** A file of the package that is newer than what was imported of it; `undefined`: none. */
  changedFile(source: PluginSource | undefined): string | undefined {
    if (source === undefined || !('file' in source)) return undefined;
    const sinceMs = this.#importedMs.get(source.file);
    return sinceMs === undefined ? undefined : changedSince(source.file, sinceMs);
  }

  async #import(file: string, name: string): Promise<unknown> {
    if (!this.#importedMs.has(file)) this.#importedMs.set(file, Date.now());
    try {
      return await within(this.#limitMs, () => import(pathToFileURL(file).href));
    } catch (error) {
      const what = isOutOfTime(error)
        ? `did not finish within ${this.#limitMs} ms`
        : `threw: ${firstLine(error)}`;
      throw new GatewayError(
        'PLUGIN_IMPORT_FAILED',
        `${name}: importing ${file} ${what}${hint(error)}`,
        { cause: error },
      );
    }
  }
}

/**
 * Looks into a plugin that definePlugin() made, of whichever copy of the contract.
 *
 * @throws GatewayError `PLUGIN_API_VERSION`, `PLUGIN_BAD_CONTRIBUTION`
 */
export function lookInto(plugin: unknown, name: string): LoadedPlugin {
  const options = pluginOptions(plugin);
  const bad = (what: string): GatewayError =>
    new GatewayError('PLUGIN_BAD_CONTRIBUTION', `${name}: ${what}`);
  if (typeof options !== 'object') throw bad('it is not made by definePlugin()');
  const { apiVersion } = plugin as { readonly apiVersion?: unknown };
  const wrong = copyProblem(String(apiVersion), API_VERSION);
  if (wrong !== undefined) throw new GatewayError('PLUGIN_API_VERSION', `${name}: ${wrong}`);
  const { config, deps, setup } = options as unknown as Readonly<Record<string, unknown>>;
  const schema = (config as { readonly json?: unknown } | undefined)?.json;
  if (typeof schema !== 'object' || schema === null) {
    throw bad('`config` is not made by configSchema()');
  }
  if (typeof setup !== 'function') throw bad('`setup` is not a function');
  return {
    schema,
    deps,
    setup: (context, services) => (setup as LoadedPlugin['setup']).call(options, context, services),
  };
}

/** What can be meant by "default export": CommonJS compilers wrap it once or twice. */
function exportsOf(module: unknown): readonly unknown[] {
  const once = property(module, 'default');
  return [once, property(once, 'default'), property(module, 'module.exports')];
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' && typeof value !== 'function') return undefined;
  return (value as Readonly<Record<string, unknown>> | null)?.[name];
}

function hint(error: unknown): string {
  const code = property(error, 'code');
  const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  return missing ? '; run `npm install` where the plugin is installed' : '';
}

function firstLine(error: unknown): string {
  const message = property(error, 'message');
  return (typeof message === 'string' ? message : String(error)).split('\n', 1)[0] ?? '';
}
