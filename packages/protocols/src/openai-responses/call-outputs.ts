import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';

/** Which outputs count. */
export interface CallOutputs {
  /**
   * The output item whose content stands at a place; undefined where none does.
   *
   * @param i - the place of an output item in the input.
   */
  contentOf(i: number): JsonObject | undefined;
}

/** The field of the extras under which outputs that do not count are named. */
export const LEFT_OUTPUTS: readonly string[] = [
  'input[function_call_output]',
  'input[custom_tool_call_output]',
];

/**
 * Pairs outputs with calls. One without a call counts only where the vendor keeps earlier items; of
 * several for one call, which clients send when they try again, the last one counts, and stands
 * where the first did.
 *
 * @param isState - earlier items are kept by the vendor.
 */
export function outputsOf(items: readonly unknown[], isState: boolean): CallOutputs {
  const contents = new Map<number, JsonObject>();
  /** For every call so far, where its output stands, if it has one. */
  const calls = new Map<unknown, number | undefined>();
  for (const [i, item] of items.entries()) {
    if (!isJsonObject(item)) continue;
    const { type, call_id: callId } = item;
    if (type === 'function_call' || type === 'custom_tool_call') calls.set(callId, undefined);
    if (type !== 'function_call_output' && type !== 'custom_tool_call_output') continue;
    if (!calls.has(callId) && !isState) continue;
    const place = calls.get(callId) ?? i;
    contents.set(place, item);
    calls.set(callId, place);
  }
  return { contentOf: (i) => contents.get(i) };
}
