import type { PluginAnswers } from '@cliproxy/create-plugin';

/** What makes one package differ from another. */
export type Combination = Pick<PluginAnswers, 'kind' | 'dialect' | 'login'>;

const KINDS: readonly Pick<PluginAnswers, 'kind' | 'dialect'>[] = [
  { kind: 'wire', dialect: 'openai-chat' },
  { kind: 'wire', dialect: 'openai-responses' },
  { kind: 'wire', dialect: 'anthropic-messages' },
  { kind: 'wire', dialect: 'gemini' },
  { kind: 'events', dialect: undefined },
  { kind: 'preset', dialect: 'openai-chat' },
];

/** Every package that can be written. */
export const COMBINATIONS: readonly Combination[] = KINDS.flatMap((kind) =>
  (['api-key', 'oauth', 'token'] as const).map((login) => ({ ...kind, login })),
);

/** A word for it, fit for the name of a folder. */
export function nameOf({ kind, dialect, login }: Combination): string {
  return [kind, ...(kind === 'wire' ? [dialect] : []), login].join('-');
}
