import { isObject } from '../shape.ts';
import type { Json } from '../shape.ts';

/** How long each marked prefix is kept, in the order in which the API reads a request. */
export function cacheMarks({ tools, system, messages, ...rest }: Json): readonly ('5m' | '1h')[] {
  const marked: unknown[] = [...listOf(tools), ...listOf(system)];
  for (const message of listOf(messages)) {
    for (const block of listOf((message as Json)['content'])) {
      marked.push(...listOf((block as Json)['content']), block);
    }
  }
  marked.push(rest);
  return marked.flatMap((entry) => {
    const mark = isObject(entry) ? entry['cache_control'] : undefined;
    return isObject(mark) ? [mark['ttl'] === '1h' ? '1h' : '5m'] : [];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
