import type { Dialect, Operation } from '@cliproxy/plugin-api';

/**
 * Where a dialect takes an operation: follows what the vendor's own SDK calls base URL. `undefined`
 * where the dialect has no such operation.
 *
 * @see https://platform.openai.com/docs/api-reference, https://docs.anthropic.com/en/api,
 *   https://ai.google.dev/api
 */
export function pathOf(
  dialect: Dialect,
  operation: Operation,
  model: string,
  stream: boolean,
): string | undefined {
  switch (dialect) {
    case 'openai-chat':
      return { generate: '/chat/completions', embed: '/embeddings', 'count-tokens': undefined }[
        operation
      ];
    case 'openai-responses':
      return {
        generate: '/responses',
        'count-tokens': '/responses/input_tokens',
        embed: undefined,
      }[operation];
    case 'anthropic-messages':
      return {
        generate: '/v1/messages',
        'count-tokens': '/v1/messages/count_tokens',
        embed: undefined,
      }[operation];
    case 'gemini': {
      const generate = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
      const verb = { generate, 'count-tokens': 'countTokens', embed: undefined }[operation];
      return verb && `/v1beta/models/${encodeURIComponent(model)}:${verb}`;
    }
  }
}
