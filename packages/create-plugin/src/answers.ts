import path from 'node:path';
import type { Dialect } from '@cliproxy/plugin-api';
import { DIALECTS, KINDS, LOGINS } from './choices.ts';
import type { Choice, PluginKind, PluginLogin } from './choices.ts';
import { UsageError } from './usage-error.ts';

/** What a person says of the plugin: by flags, or asked. Absent: not said yet. */
export interface GivenAnswers {
  /** Where it is written, as the person wrote it. */
  readonly folder?: string | undefined;
  readonly kind?: string | undefined;
  readonly dialect?: string | undefined;
  readonly login?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly packageName?: string | undefined;
  readonly id?: string | undefined;
  /** Names or patterns of models, separated by commas. */
  readonly models?: string | undefined;
  readonly license?: string | undefined;
}

/** All that a package is written from. */
export interface PluginAnswers {
  /** Absolute. */
  readonly folder: string;
  readonly packageName: string;
  /** The manifest's id, and the key under `plugins:` in the example. */
  readonly id: string;
  readonly kind: PluginKind;
  /** Absent: `events`. */
  readonly dialect: Dialect | undefined;
  readonly login: PluginLogin;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  /** At least one; `*` stands for any characters. */
  readonly models: readonly string[];
  /** SPDX identifier, or `UNLICENSED`. */
  readonly license: string;
}

const ID = /^[a-z0-9][a-z0-9._-]{0,63}$/u;
const PACKAGE_NAME = /^(?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*$/u;
/** No query, no credentials, and nothing that would end a string in the sources. */
const BASE_URL = /^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[A-Za-z0-9._~/%-]*)?$/u;
const MODEL = /^[A-Za-z0-9*][A-Za-z0-9*._:/@-]{0,127}$/u;
const LICENSE = /^[A-Za-z0-9][A-Za-z0-9.+-]{0,63}$/u;

/**
 * Fills in what was not said, and checks all of it.
 *
 * @param cwd - absolute folder that `folder` is relative to.
 * @throws UsageError that names the flag, the value, and what is allowed.
 */
export function completed(given: GivenAnswers, cwd: string): PluginAnswers {
  const folder = path.resolve(cwd, folderOf(given.folder));
  const id = idOf(given.id, folder);
  const kind = chosen('--kind', given.kind ?? 'wire', KINDS);
  const dialect = dialectOf(kind, given.dialect);
  return {
    folder,
    id,
    kind,
    dialect,
    packageName: packageNameOf(given.packageName ?? `cliproxy-plugin-${id}`),
    login: chosen('--auth', given.login ?? 'api-key', LOGINS),
    baseUrl: baseUrlOf(given.baseUrl ?? usualBaseUrl(dialect)),
    models: modelsOf(given.models ?? usualModels(kind, id)),
    license: licenseOf(given.license ?? 'MIT'),
  };
}

/**
 * Checks what was said while other things have not been, so that nobody answers five questions, or looks
 * up five flags, before one is refused.
 *
 * @param cwd - as for {@link completed}.
 * @throws UsageError as {@link completed}.
 */
export function checkSaid(given: GivenAnswers, cwd: string): void {
  completed({ ...given, folder: given.folder ?? 'my-provider' }, cwd);
}

/** @throws UsageError */
export function folderOf(folder: string | undefined): string {
  if (folder !== undefined && folder.trim() !== '') return folder.trim();
  throw new UsageError(
    'say which folder to write, for example: npm create @cliproxy/plugin@latest my-provider',
  );
}

/** The id of a plugin that lives in a folder. @throws UsageError */
export function idOf(given: string | undefined, folder: string): string {
  const derived = path.basename(folder).replace(/^(?:cliproxy-)?plugin-/u, '');
  const id = given ?? derived;
  if (ID.test(id)) return id;
  throw new UsageError(
    `${given === undefined ? 'the name of the folder' : '--id'} is ${JSON.stringify(id)}, which can't be a ` +
      'plugin\'s id: lower-case letters, digits, ".", "_" and "-", 64 at most, a letter or digit first' +
      (given === undefined ? '; take another, or say --id' : ''),
  );
}

/** @throws UsageError */
export function packageNameOf(name: string): string {
  if (PACKAGE_NAME.test(name) && name.length <= 214) return name;
  throw new UsageError(
    `--name is ${JSON.stringify(name)}, which npm does not take: lower-case letters, digits, ".", "_" and ` +
      '"-", with a scope if you like, such as @acme/cliproxy-plugin-foo',
  );
}

/** @throws UsageError */
export function baseUrlOf(text: string): string {
  if (BASE_URL.test(text) && URL.canParse(text)) return text.replace(/\/+$/u, '');
  throw new UsageError(
    `--base-url is ${JSON.stringify(text)}: write an address that begins with https:// (or http://), without ` +
      'a query and credentials, such as https://api.example.com/v1',
  );
}

/** @throws UsageError */
function modelsOf(text: string): readonly string[] {
  const models = [...new Set(text.split(',').map((one) => one.trim()))].filter((one) => one !== '');
  const odd = models.find((one) => !MODEL.test(one));
  if (models.length > 0 && odd === undefined) return models;
  throw new UsageError(
    `--models is ${JSON.stringify(odd ?? text)}: write names of models separated by commas; * stands for any ` +
      'characters, such as foo-*',
  );
}

/** Where a person of that dialect's vendor would look; to be replaced. */
export function usualBaseUrl(dialect: Dialect | undefined): string {
  // Anthropic's and Gemini's SDKs put the version into the path themselves.
  const hasVersion = dialect === 'openai-chat' || dialect === 'openai-responses';
  return hasVersion ? 'https://api.example.com/v1' : 'https://api.example.com';
}

function usualModels(kind: PluginKind, id: string): string {
  return kind === 'preset' ? `${id}-large,${id}-small` : `${id}-*`;
}

function dialectOf(kind: PluginKind, given: string | undefined): Dialect | undefined {
  if (kind === 'wire') return chosen('--dialect', given ?? 'openai-chat', DIALECTS);
  if (given === undefined || (kind === 'preset' && given === 'openai-chat')) {
    return kind === 'preset' ? 'openai-chat' : undefined;
  }
  throw new UsageError(
    kind === 'preset'
      ? `--dialect is ${JSON.stringify(given)}, but a preset speaks openai-chat: leave it out, or say --kind wire`
      : `--dialect is ${JSON.stringify(given)}, but a plugin of events speaks none: leave it out, or say --kind wire`,
  );
}

function licenseOf(text: string): string {
  if (LICENSE.test(text)) return text;
  throw new UsageError(
    `--license is ${JSON.stringify(text)}: write an SPDX identifier such as MIT or Apache-2.0, or UNLICENSED`,
  );
}

/** @throws UsageError that names the flag and all that it takes. */
function chosen<T extends string>(flag: string, given: string, choices: readonly Choice<T>[]): T {
  const found = choices.find(({ value }) => value === given);
  if (found !== undefined) return found.value;
  const allowed = choices.map(({ value }) => value).join(', ');
  throw new UsageError(`${flag} is ${JSON.stringify(given)}: use one of ${allowed}`);
}
