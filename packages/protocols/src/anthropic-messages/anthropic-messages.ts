import type { DialectCodec } from '../codec/dialect-codec.ts';
import { count } from './count.ts';
import { errors } from './errors.ts';
import { passthrough } from './passthrough.ts';
import { request } from './request.ts';
import { response } from './response.ts';
import { stream } from './stream.ts';

/**
 * Anthropic's Messages API.
 *
 * @see https://platform.claude.com/docs/en/api/messages
 */
export const anthropicMessages: DialectCodec = {
  id: 'anthropic-messages',
  request,
  response,
  stream,
  passthrough,
  errors,
  count,
};
