import type { Dialect, GatewayPlugin } from '@cliproxy/plugin-api';
import type { TestPlugin, VendorOptions } from '@cliproxy/plugin-testkit';
import gemini from '@cliproxy/plugin-gemini';
import chatgpt from '@cliproxy/plugin-llmux-chatgpt';
import claude from '@cliproxy/plugin-llmux-claude';
import compatible from '@cliproxy/plugin-openai-compatible';
import { anthropic } from './clients/anthropic.ts';
import { gemini as geminiClient } from './clients/gemini.ts';
import { openaiChat } from './clients/openai-chat.ts';
import { openaiResponses } from './clients/openai-responses.ts';
import type { Client } from './conversation.ts';

/** Who asks, and who answers. */
export interface Pair {
  readonly client: Client;
  readonly provider: Provider;
}

/** A vendor's API behind the plugin that speaks it. */
export interface Provider {
  readonly dialect: Dialect;
  readonly model: string;
  readonly vendor: VendorOptions;
  /** @param baseUrl - as the vendor's own SDK means it. */
  mount(baseUrl: string): Omit<TestPlugin, 'instanceId'>;
}

export const API_KEY = 'vendor-key-0123456789';

export const CLIENTS: readonly Client[] = [openaiChat, openaiResponses, anthropic, geminiClient];

/** Models whose APIs check all that is tried: thinking, signatures, schemas. */
export const PROVIDERS: readonly Provider[] = [
  provider({
    dialect: 'openai-chat',
    model: 'kimi-k2-thinking',
    vendor: { reasoningContent: true },
    plugin: compatible,
    folder: 'openai-compatible',
    config: { models: [{ id: 'kimi-k2-thinking' }] },
  }),
  provider({
    dialect: 'openai-responses',
    model: 'gpt-5.2',
    plugin: chatgpt,
    folder: 'llmux-chatgpt',
    config: { models: [{ match: '*', dialects: ['openai-responses'] }] },
  }),
  provider({
    dialect: 'anthropic-messages',
    model: 'claude-sonnet-4-5',
    plugin: claude,
    folder: 'llmux-claude',
  }),
  provider({ dialect: 'gemini', model: 'gemini-3-pro-preview', plugin: gemini, folder: 'gemini' }),
];

function provider(of: {
  readonly dialect: Dialect;
  readonly model: string;
  readonly vendor?: VendorOptions;
  readonly plugin: GatewayPlugin;
  readonly folder: string;
  readonly config?: object;
}): Provider {
  const { dialect, model, vendor = {}, plugin, folder, config = {} } = of;
  const packageJson = new URL(`../../plugins/${folder}/package.json`, import.meta.url);
  return {
    dialect,
    model,
    vendor,
    mount: (baseUrl) => ({
      plugin,
      packageJson,
      config: { baseUrl, apiKeys: [API_KEY], ...config },
    }),
  };
}
