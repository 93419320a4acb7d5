import { Readable } from 'node:stream';
import { readBody } from '@cliproxy/plugin-api';
import type { WireReply } from '@cliproxy/plugin-api';

const STATUSES: ReadonlySet<number> = new Set([400, 401, 403]);
const MAX_ERROR_BYTES = 64 * 1024;

/** What the vendor says where it does not take the login of a subscription. */
const REFUSAL =
  /only authorized for use with Claude Code|OAuth authentication is currently not (?:supported|allowed)/iu;

/**
 * Marks a reply that refuses the login as such: it is no fault of the request, and renewing the
 * token does not help. The vendor's sentence is shown as it is; others may go on with their keys.
 */
export async function markRefusal(reply: WireReply): Promise<WireReply> {
  if (!STATUSES.has(reply.status)) return reply;
  const bytes = await readBody(reply, MAX_ERROR_BYTES);
  const read = { ...reply, body: Readable.from([bytes]) };
  const sentence = sentenceOf(bytes.toString());
  if (sentence === undefined || !REFUSAL.test(sentence)) return read;
  const message = `${sentence} (see the terms of llmux-claude in docs/PROVIDERS.md)`;
  return { ...read, failure: { kind: 'forbidden', scope: 'account', message } };
}

function sentenceOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: unknown } };
    return typeof error?.message === 'string' ? error.message : undefined;
  } catch {
    return undefined;
  }
}
