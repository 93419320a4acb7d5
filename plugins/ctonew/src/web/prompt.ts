import type { ModelRequest, Part, Turn } from '@cliproxy/plugin-api';
import { GatewayError } from '@cliproxy/plugin-api';

const NAMES: Readonly<Record<Turn['role'], string>> = {
  system: 'System',
  developer: 'System',
  user: 'User',
  assistant: 'Assistant',
};

/**
 * A conversation as the one text that the web page's chat takes. A single question goes as it is.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what no text can say.
 */
export function promptOf({ turns, tools, toolChoice, output }: ModelRequest): string {
  if (tools.length > 0 && toolChoice !== 'none') throw unsupported('tools');
  if (output !== undefined) throw unsupported('an answer in a form that is prescribed');
  const said = turns
    .map(({ role, parts }) => ({ role, text: textOf(parts) }))
    .filter(({ text }) => text !== '');
  const [only] = said;
  if (said.length === 1 && only?.role === 'user') return only.text;
  return said.map(({ role, text }) => `${NAMES[role]}: ${text}`).join('\n\n');
}

/** Thoughts are the model's own affair; they don't go back. */
function textOf(parts: readonly Part[]): string {
  return parts
    .map(inWords)
    .filter((text) => text !== '')
    .join('\n');
}

function inWords(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text;
    case 'reasoning':
      return '';
    case 'tool-call':
      return `[called ${part.name}(${part.argumentsJson})]`;
    case 'tool-result':
      return `[its answer: ${textOf(part.content)}]`;
    case 'media':
      throw unsupported(part.mediaType.startsWith('image/') ? 'images' : part.mediaType);
  }
}

function unsupported(what: string): GatewayError {
  const message = `cto.new in mode web takes text alone, but the request has ${what}; use mode cli, or another model`;
  return new GatewayError('CLIENT_UNSUPPORTED', message, {
    failure: { kind: 'bad-request', scope: 'request', message },
  });
}
