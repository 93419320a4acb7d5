import type { ModelRequest } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import type { ModelLine } from './model-line.ts';

/** Sampling and stop fields, and the client's names for what had to go. */
export interface WrittenSampling {
  readonly fields: JsonObject;
  readonly ignored: readonly string[];
}

/** Smallest `top_p` that a thinking model takes. */
const MIN_THINKING_TOP_P = 0.95;

/**
 * Writes `temperature`, `top_p` and `stop_sequences` as far as the model takes them. Values that
 * change nothing are left out without a word; a temperature over 1 becomes 1 and is named.
 *
 * @see https://platform.claude.com/docs/en/about-claude/models/migration-guide
 */
export function writeSampling(
  request: ModelRequest,
  line: ModelLine,
  isThinking: boolean,
): WrittenSampling {
  const { temperature, topP, stop, extras } = request;
  const nameOf = (wish: 'temperature' | 'topP' | 'stop') => wishNames[wish][extras.dialect];
  const fields: Record<string, unknown> = {};
  const ignored: string[] = [];
  if (temperature !== undefined && temperature !== 1) {
    if (line.sampling === 'none' || isThinking) ignored.push(nameOf('temperature'));
    else {
      fields.temperature = Math.min(1, Math.max(0, temperature));
      if (fields.temperature !== temperature) ignored.push(nameOf('temperature'));
    }
  }
  if (topP !== undefined && topP !== 1) {
    const refused =
      line.sampling === 'none' ||
      (line.sampling === 'one' && fields.temperature !== undefined) ||
      (isThinking && topP < MIN_THINKING_TOP_P);
    if (refused) ignored.push(nameOf('topP'));
    else fields.top_p = topP;
  }
  const visible = stop?.filter((one) => one.trim() !== '') ?? [];
  if (visible.length > 0) fields.stop_sequences = visible;
  if (visible.length < (stop?.length ?? 0)) ignored.push(nameOf('stop'));
  return { fields, ignored };
}
