import { apiKeyAccounts, configSchema, definePlugin } from '@cliproxy/plugin-api';
import type { Dialect, GatewayPlugin } from '@cliproxy/plugin-api';

/** Key of the instance that answers while a plugin is checked that only hooks the requests of others. */
export const STAND_IN = 'stand-in';

const KEY = 'stand-in-key';
const GENERATES = ['generate'] as const;

/** Its package.json, as far as the gateway looks at it. */
export const standInPackage = Object.freeze({
  name: '@cliproxy/conformance-stand-in',
  version: '0.0.0',
  cliproxyPlugin: {
    manifestVersion: 1,
    id: STAND_IN,
    apiVersion: '1.0',
    entry: './index.js',
    provides: { executor: true, authenticators: ['key'] },
    permissions: { hosts: ['config:/baseUrl'] },
  },
});

/** A plugin that moves bytes, for plugins that need somebody who answers. */
export function standIn(): GatewayPlugin {
  return definePlugin({
    config: configSchema<{ readonly baseUrl: string; readonly dialect: string }>({
      type: 'object',
      additionalProperties: false,
      required: ['baseUrl', 'dialect'],
      properties: { baseUrl: { type: 'string' }, dialect: { type: 'string' } },
    }),
    setup: ({ config: { baseUrl, dialect } }) => ({
      authenticators: [
        {
          id: 'key',
          method: 'api-key',
          authorize: async (request) => ({
            ...request,
            headers: { ...request.headers, ...keyHeaders(dialect as Dialect) },
          }),
        },
      ],
      accounts: apiKeyAccounts([KEY], 'key'),
      executor: {
        kind: 'wire',
        speaks: { [dialect]: GENERATES },
        models: async () => [],
        send: async ({ http, path, headers, body, signal }) =>
          http.request({ method: 'POST', url: baseUrl + path, headers, body }, signal),
      },
    }),
  });
}

function keyHeaders(dialect: Dialect): Readonly<Record<string, string>> {
  switch (dialect) {
    case 'openai-chat':
    case 'openai-responses':
      return { authorization: `Bearer ${KEY}` };
    case 'anthropic-messages':
      return { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' };
    case 'gemini':
      return { 'x-goog-api-key': KEY };
  }
}
