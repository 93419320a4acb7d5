import type { DialectCodec } from '../codec/dialect-codec.ts';
import { count } from './count.ts';
import { errors } from './errors.ts';
import { jsonArray } from './json-array.ts';
import { passthrough } from './passthrough.ts';
import { request } from './request.ts';
import { response } from './response.ts';
import { stream } from './stream.ts';

/**
 * Google's Gemini API.
 *
 * @see https://ai.google.dev/api/generate-content
 */
export const gemini: DialectCodec = {
  id: 'gemini',
  request,
  response,
  stream,
  passthrough,
  errors,
  count,
  forms: { 'json-array': jsonArray },
};
