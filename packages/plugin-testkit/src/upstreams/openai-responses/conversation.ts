import { Refusal, demand } from '../refusal.ts';
import type { Json } from '../shape.ts';
import type { IssuedItems } from './issued-items.ts';

const CALLS: readonly unknown[] = ['function_call', 'custom_tool_call'];
const OUTPUTS: readonly unknown[] = ['function_call_output', 'custom_tool_call_output'];

/** The input with what the vendor keeps in the place of references to it; each item is there once. */
export function withStoredItems(input: readonly Json[], issued: IssuedItems): readonly Json[] {
  const seen = new Set<unknown>();
  return input.map((item) => {
    const { type, id } = item;
    if (type !== 'item_reference') return item;
    demand(!seen.has(id), ['input'], `Duplicate item found with id ${String(id)}.`);
    seen.add(id);
    return storedItem(id, issued);
  });
}

/** Every call has its one output after it, and every output its call. @param open - of the answer before. */
export function checkPairs(input: readonly Json[], open: readonly unknown[]): void {
  const waiting = new Set(open);
  const answered = new Set<unknown>();
  for (const { type, call_id: id } of input) {
    if (CALLS.includes(type)) waiting.add(id);
    if (!OUTPUTS.includes(type)) continue;
    const twice = `Duplicate tool output for call_id ${String(id)}.`;
    demand(!answered.has(id), ['input'], twice);
    const stray = `No tool call found for function call output with call_id ${String(id)}.`;
    demand(waiting.delete(id), ['input'], stray);
    answered.add(id);
  }
  const left = [...waiting].join(', ');
  demand(waiting.size === 0, ['input'], `No tool output found for function call ${left}.`);
}

/** Reasoning comes back as it was given out, directly before the item that it led to. */
export function checkReasoningItems(
  input: readonly Json[],
  issued: IssuedItems,
  model: string,
): void {
  const seen = new Set<unknown>();
  input.forEach((item, at) => {
    const { type, id } = item;
    if (type === 'reasoning') {
      seen.add(id);
      checkOwn(item, issued, model);
      checkFollowed(item, input[at + 1]);
      return;
    }
    const wanted = issued.get(id)?.reasoning;
    const message = `Item '${String(id)}' of type '${String(type)}' was provided without its required 'reasoning' item: '${wanted}'.`;
    demand(wanted === undefined || seen.has(wanted), ['input'], message);
  });
}

function checkOwn(item: Json, issued: IssuedItems, model: string): void {
  const { id, encrypted_content: sealed, summary } = item;
  if (typeof sealed !== 'string') {
    storedItem(id, issued);
    return;
  }
  const own = issued.get(id);
  const isSame =
    own?.model === model &&
    own.item['encrypted_content'] === sealed &&
    JSON.stringify(own.item['summary']) === JSON.stringify(summary);
  const message = `The encrypted content for item ${String(id)} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`;
  demand(isSame, [], message, 'invalid_encrypted_content');
}

function storedItem(id: unknown, issued: IssuedItems): Json {
  const known = issued.get(id);
  if (known?.isStored === true) return known.item;
  const message = `Item with id '${String(id)}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`;
  throw new Refusal('found', ['input'], message, 'item_not_found');
}

function checkFollowed({ id }: Json, next: Json | undefined): void {
  const follows =
    next?.['role'] === 'assistant' ||
    [...CALLS, 'reasoning'].includes(next?.['type']) ||
    String(next?.['type']).endsWith('_call');
  const message = `Item '${String(id)}' of type 'reasoning' was provided without its required following item.`;
  demand(follows, ['input'], message);
}
