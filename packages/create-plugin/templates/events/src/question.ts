import { GatewayError } from '@cliproxy/plugin-api';
import type { ModelRequest, Part } from '@cliproxy/plugin-api';

/** What the API is asked. TODO: your API's own. */
export interface Question {
  readonly model: string;
  readonly instructions?: string;
  readonly messages: readonly { readonly from: 'user' | 'model'; readonly text: string }[];
  readonly maxTokens?: number;
  readonly temperature?: number;
}

/**
 * Writes a request in the API's words. What the API can't do it must not be asked for: `LACKS` in
 * models.ts has such requests go elsewhere before they come here.
 *
 * @throws GatewayError `UPSTREAM_BAD_REQUEST` for what has no words there.
 */
export function questionOf(request: ModelRequest): Question {
  const { model, turns, maxOutputTokens, temperature } = request;
  const isInstruction = (role: string): boolean => role === 'system' || role === 'developer';
  const instructions = turns
    .filter(({ role }) => isInstruction(role))
    .map(({ parts }) => textOf(parts))
    .join('\n');
  return {
    model,
    ...(instructions !== '' && { instructions }),
    messages: turns
      .filter(({ role }) => !isInstruction(role))
      .map(({ role, parts }) => ({
        from: role === 'assistant' ? 'model' : 'user',
        text: textOf(parts),
      })),
    ...(maxOutputTokens !== undefined && { maxTokens: maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
  };
}

function textOf(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (part.type === 'text' || part.type === 'refusal') return part.text;
      // What the model thought is not said again.
      if (part.type === 'reasoning') return '';
      const message = `«ID» takes text alone, not a part of the type ${part.type}`;
      throw new GatewayError('UPSTREAM_BAD_REQUEST', message, {
        failure: { kind: 'bad-request', scope: 'request', message },
      });
    })
    .filter((text) => text !== '')
    .join('\n');
}
