import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect } from '@cliproxy/plugin-api';

/** The dialect whose clients use a path, also one that does not exist: errors take its shape. */
export function dialectOfPath(path: string, headers: IncomingHttpHeaders): Dialect {
  if (path.startsWith('/v1/messages')) return 'anthropic-messages';
  if (path.startsWith('/v1/chat/')) return 'openai-chat';
  return headers['anthropic-version'] === undefined ? 'openai-chat' : 'anthropic-messages';
}
