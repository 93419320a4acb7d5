import { GatewayError } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';

const MAX_MODEL_CHARS = 512;
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * The model that the client asks for.
 *
 * @param given - by the path, in dialects that name it there.
 * @param present - whether the body has the key at all: large values are missing in `fields`.
 * @throws GatewayError `CLIENT_BAD_REQUEST`
 */
export function modelOf(fields: JsonObject, present: boolean, given: string | undefined): string {
  const model = given ?? fields.model;
  if (model === undefined || model === null) {
    throw badRequest(
      present && model === undefined
        ? `\`model\` must be a string of at most ${MAX_MODEL_CHARS} characters.`
        : '`model` is missing; GET /v1/models lists what there is.',
    );
  }
  if (typeof model !== 'string') {
    throw badRequest(`\`model\` must be a string, not ${kindOf(model)}.`);
  }
  if (model === '') throw badRequest('`model` is empty; GET /v1/models lists what there is.');
  if (model.length > MAX_MODEL_CHARS) {
    throw badRequest(`\`model\` must be a string of at most ${MAX_MODEL_CHARS} characters.`);
  }
  if (CONTROL_CHARACTER.test(model)) {
    throw badRequest('`model` must not hold control characters.');
  }
  return model;
}

/**
 * Whether the client asks for a stream.
 *
 * @param present - see {@link modelOf}.
 * @throws GatewayError `CLIENT_BAD_REQUEST`
 */
export function streamOf(
  fields: JsonObject,
  present: boolean,
  given: boolean | undefined,
): boolean {
  if (given !== undefined) return given;
  const { stream } = fields;
  if (typeof stream === 'boolean') return stream;
  if (!present || stream === null) return false;
  const kind = stream === undefined ? 'something large' : kindOf(stream);
  throw badRequest(`\`stream\` must be true or false, not ${kind}.`);
}

function badRequest(message: string): GatewayError {
  const failure = { kind: 'bad-request', scope: 'request' } as const;
  return new GatewayError('CLIENT_BAD_REQUEST', message, { failure });
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
