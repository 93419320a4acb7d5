import type { Dialect, GatewayError } from '@cliproxy/plugin-api';
import { wishNames } from '../model/wish-names.ts';
import { fieldError, unsupported } from './field-path.ts';

// What several targets refuse, each time by the name that the client's dialect has for it.

/** Says that a tool must be called, and there is none. @param from - the client's dialect. */
export function noTools(from: Dialect): GatewayError {
  return fieldError(wishNames.toolChoice[from], 'needs tools, and the target has none');
}

/**
 * Of the tools that the model must choose from, each has to be there.
 *
 * @param has - whether a name is that of a tool.
 * @param from - the client's dialect.
 * @throws GatewayError `CLIENT_BAD_REQUEST`
 */
export function checkChoice(
  names: readonly string[],
  has: (name: string) => boolean,
  from: Dialect,
): void {
  const field = wishNames.toolChoice[from];
  if (names.length === 0) throw fieldError(field, 'names no tool');
  const missing = names.find((name) => !has(name));
  if (missing === undefined) return;
  throw fieldError(field, `names ${missing}, which is none of the tools that the target has`);
}

/** Says that a conversation is empty. @param from - the client's dialect. */
export function nothingSaid(from: Dialect): GatewayError {
  return unsupported(wishNames.conversation[from], 'holds no text, image or document');
}

/** Says that system text holds media. @param from - the client's dialect. */
export function mediaInSystem(mediaType: string, from: Dialect): GatewayError {
  return unsupported(
    wishNames.system[from],
    `holds ${mediaType}; the target takes text alone there`,
  );
}

/** Says that a file is kept by another vendor. @param from - the client's dialect. */
export function foreignFile(from: Dialect): GatewayError {
  return unsupported(
    wishNames.fileId[from],
    'names a file of another vendor, which the target does not have; send the data instead',
  );
}
