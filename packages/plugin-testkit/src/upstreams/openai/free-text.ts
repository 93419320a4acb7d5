import { isObject } from '../shape.ts';
import type { Json } from '../shape.ts';
import type { VendorToolCall } from '../vendor-answer.ts';

/**
 * What is called with free text: the tools of type `custom`.
 *
 * @param tools - as the request declares them, flat or nested.
 */
export function freeTextTools(tools: unknown): readonly unknown[] {
  const declared = Array.isArray(tools) ? (tools as readonly Json[]) : [];
  return declared.flatMap(({ type, name, custom }) => {
    if (type !== 'custom') return [];
    return [isObject(custom) ? custom['name'] : name];
  });
}

/** The free text of a call: its one argument `input`. */
export function freeTextOf({ arguments: args }: VendorToolCall): string {
  return typeof args['input'] === 'string' ? args['input'] : JSON.stringify(args);
}
