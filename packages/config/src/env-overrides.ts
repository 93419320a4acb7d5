import type { Problem } from '@cliproxy/kernel';
import { didYouMean, nearest } from './did-you-mean.ts';
import type { Env } from './expand-env.ts';
import { toPointer } from './pointer.ts';
import { logSchema } from './sections/log-section.ts';
import { serverSchema } from './sections/server-section.ts';

/** Scalars of `server` and `log` that the environment sets. */
export interface EnvOverrides {
  /** By pointer: the variable and its text. */
  readonly values: ReadonlyMap<string, { readonly variable: string; readonly text: string }>;
  readonly problems: readonly Problem[];
}

const SECTIONS = { server: serverSchema, log: logSchema } as const;

/**
 * Reads `CLIPROXY_SERVER_*` and `CLIPROXY_LOG_*`: `server.bodyLimitMb` is
 * `CLIPROXY_SERVER_BODY_LIMIT_MB`. An empty variable counts as unset. Others with the prefix are
 * left alone, since orchestrators make up such names, unless they look like a misspelt one.
 *
 * @param fileText - the file; a variable that it refers to is not misspelt.
 */
export function readEnvOverrides(env: Env, fileText: string): EnvOverrides {
  const values = new Map<string, { variable: string; text: string }>();
  const problems: Problem[] = [];
  for (const [section, schema] of Object.entries(SECTIONS)) {
    const prefix = `CLIPROXY_${section.toUpperCase()}_`;
    const scalars = new Map<string, string>();
    const lists = new Set<string>();
    for (const [key, { type }] of Object.entries<{ readonly type: string }>(
      schema.properties as Readonly<Record<string, { readonly type: string }>>,
    )) {
      if (type === 'array') lists.add(variableName(prefix, key));
      else scalars.set(variableName(prefix, key), key);
    }
    for (const [variable, text] of Object.entries(env)) {
      if (!variable.startsWith(prefix) || text === undefined || text === '') continue;
      const key = scalars.get(variable);
      if (key !== undefined) values.set(toPointer([section, key]), { variable, text });
      else if (!fileText.includes(`\${${variable}`)) {
        problems.push(...unknownVariable(variable, lists, [...scalars.keys()]));
      }
    }
  }
  return { values, problems };
}

/** The document with the overrides laid over it. */
export function applyOverrides(document: unknown, overrides: EnvOverrides): unknown {
  if (overrides.values.size === 0 || !isMapping(document)) return document;
  const result: Record<string, unknown> = { ...document };
  for (const [pointer, { text }] of overrides.values) {
    const [, section = '', key = ''] = pointer.split('/');
    const former = result[section] ?? {};
    // A section of the wrong type is reported as such.
    if (isMapping(former)) result[section] = { ...former, [key]: text };
  }
  return result;
}

function variableName(prefix: string, key: string): string {
  return prefix + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function unknownVariable(
  variable: string,
  lists: ReadonlySet<string>,
  known: readonly string[],
): Problem[] {
  if (lists.has(variable)) {
    return [
      {
        code: 'CONFIG_INVALID',
        message: `The environment variable ${variable} sets nothing, since lists are set in the file alone; refer to it there as "\${${variable}}".`,
      },
    ];
  }
  // The whole name is long, so that a third of it would be far too lenient.
  const tail = (name: string): string => name.split('_').slice(2).join('_');
  const tails = known.map(tail);
  if (nearest(tail(variable), tails) === undefined) return [];
  return [
    {
      code: 'CONFIG_INVALID',
      message: `The environment variable ${variable} sets nothing.${didYouMean(variable, known)} Otherwise unset it.`,
    },
  ];
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
