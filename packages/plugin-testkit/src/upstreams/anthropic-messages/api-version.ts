import { demand } from '../refusal.ts';
import type { Json } from '../shape.ts';
import type { Turn } from './conversation.ts';

/** Versions of the API, by the header `anthropic-version`. */
const VERSIONS: readonly unknown[] = ['2023-06-01', '2026-10-21'];

/** The version that a request is written for. @throws Refusal */
export function apiVersion(header: string | readonly string[] | undefined): string {
  demand(header !== undefined, [], 'anthropic-version: header is required');
  const version = String(header);
  demand(VERSIONS.includes(version), [], `anthropic-version: "${version}" is not a valid version`);
  return version;
}

/**
 * What a version took out.
 *
 * @see https://platform.claude.com/docs/en/api/migration-2026-10-21
 */
export function checkVersion(version: string, body: Json, turns: readonly Turn[]): void {
  if (version === '2023-06-01') return;
  for (const name of ['temperature', 'top_p', 'top_k']) {
    demand(
      body[name] === undefined,
      [name],
      `\`${name}\` is not supported in API version ${version}`,
    );
  }
  turns.forEach(({ role, blocks }, at) => {
    blocks.forEach(({ type, citations }, index) => {
      const path = ['messages', at, 'content', index];
      const isAssistantDocument = role === 'assistant' && type === 'document';
      demand(!isAssistantDocument, path, 'document blocks are not allowed in assistant messages');
      const isCited = role === 'user' && Array.isArray(citations) && citations.length > 0;
      demand(!isCited, path, 'citations are not allowed on text blocks in user messages');
    });
  });
}
