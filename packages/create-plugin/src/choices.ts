import type { Dialect } from '@cliproxy/plugin-api';

/**
 * What the plugin does. `wire`: moves bytes, its upstream speaks one of the dialects. `events`: makes
 * events of an upstream that speaks none. `preset`: an OpenAI-compatible service with a known list of
 * models.
 */
export type PluginKind = 'wire' | 'events' | 'preset';

/** How accounts come to be: by keys in the configuration, a login in the browser, a pasted token. */
export type PluginLogin = 'api-key' | 'oauth' | 'token';

/** One thing that can be chosen, in words for a person. */
export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint: string;
}

/** All kinds, the usual one first. */
export const KINDS: readonly Choice<PluginKind>[] = [
  {
    value: 'wire',
    label: 'Wire',
    hint: 'the API speaks one of the four dialects; bytes pass as they are',
  },
  {
    value: 'events',
    label: 'Events',
    hint: 'the API speaks none of them; you turn its answers into events',
  },
  {
    value: 'preset',
    label: 'Preset',
    hint: 'an OpenAI-compatible service whose models you list in the package',
  },
];

/** All dialects of a `wire` plugin, the usual one first. */
export const DIALECTS: readonly Choice<Dialect>[] = [
  { value: 'openai-chat', label: 'OpenAI Chat Completions', hint: 'POST /chat/completions' },
  { value: 'openai-responses', label: 'OpenAI Responses', hint: 'POST /responses' },
  { value: 'anthropic-messages', label: 'Anthropic Messages', hint: 'POST /v1/messages' },
  { value: 'gemini', label: 'Gemini', hint: 'POST /v1beta/models/{model}:generateContent' },
];

/** All logins, the usual one first. */
export const LOGINS: readonly Choice<PluginLogin>[] = [
  { value: 'api-key', label: 'API key', hint: 'in the configuration' },
  {
    value: 'oauth',
    label: 'OAuth',
    hint: 'cliproxy login opens a browser (PKCE); tokens renew themselves',
  },
  { value: 'token', label: 'Token', hint: 'cliproxy login takes a token that a person pastes' },
];
