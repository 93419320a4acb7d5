import type { ModelRequest, Turn } from '@cliproxy/plugin-api';
import type { EncodeTarget } from '@cliproxy/kernel';
import { formatInWords, isOfObjects } from '../anthropic-messages/format-in-words.ts';
import { wishNames } from '../model/wish-names.ts';
import { modelTraits } from './model-traits.ts';

/** A request, and what of it can't be honoured. */
interface FormattedRequest {
  readonly request: ModelRequest;
  readonly ignored: readonly string[];
}

/**
 * OpenAI binds answers to objects alone. Other vendors bind them to lists and single values, too:
 * their clients' schemas are told in words there. OpenAI's own clients are told by OpenAI.
 */
export function withBindableFormat(request: ModelRequest, target: EncodeTarget): FormattedRequest {
  const { output, extras, turns, ...rest } = request;
  const isFree =
    output?.type !== 'json-schema' ||
    isOfObjects(output.schema) ||
    extras.dialect.startsWith('openai-') ||
    !modelTraits(target.model).isOpenAi;
  if (isFree) return { request, ignored: [] };
  const told: Turn = { role: 'system', parts: [{ type: 'text', text: formatInWords(output) }] };
  return {
    request: { ...rest, extras, turns: [told, ...turns] },
    ignored: [wishNames.output[extras.dialect]],
  };
}
