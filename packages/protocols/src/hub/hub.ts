import { GatewayError } from '@cliproxy/plugin-api';
import type { Dialects } from '@cliproxy/kernel';
import { classifyReply } from './classify.ts';
import { readRequest } from './client-request.ts';
import type { Codecs } from './client-request.ts';

/** Makes the kernel's port out of dialects. Stateless: one hub serves all requests. */
export function hubOf(codecs: Codecs): Dialects {
  return {
    read: (source) => readRequest(source, codecs),
    classify: (dialect, answer, nowMs) => classifyReply(codecs[dialect], answer, nowMs),
    error(dialect, error, context) {
      // A client of a dialect that is not spoken is told so in the one that most understand.
      const codec = codecs[dialect] ?? codecs['openai-chat'];
      if (codec === undefined) {
        throw new GatewayError('KERNEL_INTERNAL', `No dialect can tell the error: ${dialect}.`);
      }
      return codec.errors.encode(error, context);
    },
  };
}
