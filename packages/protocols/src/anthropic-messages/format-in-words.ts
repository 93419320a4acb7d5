import type { OutputFormat } from '@cliproxy/plugin-api';

/** Asks for JSON in words, where a model can't be bound to it. */
export function formatInWords(output: OutputFormat): string {
  const only = 'Answer with one JSON object and nothing else: no other text, no code fence.';
  if (output.type === 'json') return only;
  return `${only} It must match this JSON Schema:\n${JSON.stringify(output.schema)}`;
}
