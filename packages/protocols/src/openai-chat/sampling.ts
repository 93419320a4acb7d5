import type { ModelRequest } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { takesSampling } from './model-traits.ts';

/**
 * `temperature` and `top_p` for a model. OpenAI's reasoning models take none but 1, and a client of
 * another vendor can't know: Gemini CLI, for one, sends them always. What a client of OpenAI's own
 * dialects wrote stands, so that the vendor can say so itself.
 *
 * @param effort - of reasoning, as it is sent.
 * @param ignored - takes the client's names for what had to go.
 */
export function writeSampling(
  { temperature, topP, extras: { dialect } }: ModelRequest,
  model: string,
  effort: string | undefined,
  ignored: string[],
): JsonObject {
  const isFree = isOfOpenAi(dialect) || takesSampling(model, effort);
  if (!isFree) {
    if (temperature !== undefined && temperature !== 1) {
      ignored.push(wishNames.temperature[dialect]);
    }
    if (topP !== undefined && topP !== 1) ignored.push(wishNames.topP[dialect]);
    return {};
  }
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
  };
}

/** `stop` for a model by Chat; see {@link writeSampling}. */
export function writeStop(
  { stop = [], extras: { dialect } }: ModelRequest,
  model: string,
  effort: string | undefined,
  ignored: string[],
): JsonObject {
  if (stop.length === 0) return {};
  if (isOfOpenAi(dialect)) return { stop };
  const most = takesSampling(model, effort) ? MAX_STOPS : 0;
  if (stop.length > most) ignored.push(wishNames.stop[dialect]);
  return most === 0 ? {} : { stop: stop.slice(0, most) };
}

/** A fifth is refused. */
const MAX_STOPS = 4;

function isOfOpenAi(dialect: ModelRequest['extras']['dialect']): boolean {
  return dialect === 'openai-chat' || dialect === 'openai-responses';
}
