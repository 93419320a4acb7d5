import type { Operation, Speaks, WireExecutor } from '@cliproxy/plugin-api';
import type { CompatibleConfig, CompatibleDialect } from './config.ts';

/**
 * What the service's models are asked in. Embeddings have the body of Chat Completions' vendor and are
 * offered under its dialect, whether the service answers chats by it or not.
 */
export function spokenBy(
  service: CompatibleConfig,
): Required<Pick<WireExecutor, 'speaks' | 'speaksFor'>> {
  return {
    speaks: speaks(service.dialects, service.embeddings),
    speaksFor: service.models.map(({ id, dialects, embeddings }) => ({
      match: id,
      speaks: speaks(dialects ?? service.dialects, embeddings ?? service.embeddings),
    })),
  };
}

function speaks(dialects: readonly CompatibleDialect[], embeddings: boolean): Speaks {
  const spoken: Partial<Record<CompatibleDialect, readonly Operation[]>> = Object.fromEntries(
    dialects.map((dialect) => [dialect, ['generate']]),
  );
  if (!embeddings) return spoken;
  return { ...spoken, 'openai-chat': [...(spoken['openai-chat'] ?? []), 'embed'] };
}
