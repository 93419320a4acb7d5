import type { DialectCodec } from '../codec/dialect-codec.ts';
import { count } from './count.ts';
import { errors } from './errors.ts';
import { state } from './kept-state.ts';
import { passthrough } from './passthrough.ts';
import { request } from './request.ts';
import { response } from './response.ts';
import { stream } from './stream.ts';

/** OpenAI's Responses. */
export const openAiResponses: DialectCodec = {
  id: 'openai-responses',
  request,
  response,
  stream,
  passthrough,
  errors,
  count,
  state,
};
