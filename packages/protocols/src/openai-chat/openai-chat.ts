import type { DialectCodec } from '../codec/dialect-codec.ts';
import { embed } from './embeddings.ts';
import { errors } from './errors.ts';
import { legacyCompletions } from './legacy-completions.ts';
import { passthrough } from './passthrough.ts';
import { request } from './request.ts';
import { response } from './response.ts';
import { stream } from './stream.ts';

/** OpenAI's Chat Completions, and what many other servers make of it. */
export const openAiChat: DialectCodec = {
  id: 'openai-chat',
  request,
  response,
  stream,
  passthrough,
  errors,
  embed,
  forms: { completions: legacyCompletions },
};
