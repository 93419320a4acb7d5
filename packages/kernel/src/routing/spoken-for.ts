import type { Speaks } from '@cliproxy/plugin-api';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import { compilePattern } from './model-pattern.ts';

/**
 * What an instance speaks for a model, worked out when first asked: an instance may have its
 * executor later than its place in the table. Undefined without one, and for executors of events.
 *
 * @param model - its name at the upstream.
 */
export function spokenFor(
  instance: PluginInstance | undefined,
  model: string,
): () => Speaks | undefined {
  let found: Speaks | undefined;
  return () => {
    const executor = instance?.executor;
    if (found !== undefined || executor?.kind !== 'wire') return found;
    const { speaks, speaksFor = [] } = executor;
    const rule = speaksFor.find(({ match }) => compilePattern(match).matches(model));
    found = rule?.speaks ?? speaks;
    return found;
  };
}
