import { GatewayError } from '@cliproxy/plugin-api';
import type { Dialects } from '@cliproxy/kernel';
import { classifyReply } from './classify.ts';
import { readRequest } from './client-request.ts';
import type { Codecs } from './client-request.ts';
import { pathOf } from '../codec/paths.ts';
import { quotasTold } from './quotas-told.ts';
import type { ItemMemory } from './item-memory.ts';

/**
 * Makes the kernel's port out of dialects. Stateless but for the memory that it is given: one hub
 * serves all requests.
 */
export function hubOf(codecs: Codecs, memory?: ItemMemory): Dialects {
  return {
    read: (source) => readRequest(source, codecs, memory),
    has: (dialect, operation) =>
      codecs[dialect] !== undefined && pathOf(dialect, operation, '', false) !== undefined,
    classify: (dialect, answer, nowMs) => classifyReply(codecs[dialect], answer, nowMs),
    quotas: (dialect, answer, nowMs) => quotasTold(codecs[dialect]?.errors, answer, nowMs),
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
