import type { PluginNeeds } from '../needs/plugin-needs.ts';
import type { Finding } from './finding.ts';

/** What a plugin lacks that npm does not bring. */
export function needFindings({ instanceId, needs }: PluginNeeds): readonly Finding[] {
  return needs
    .filter(({ met }) => !met)
    .map(({ title, for: why, optional, detail }) => ({
      check: `needs of ${instanceId}`,
      // Most people do without.
      result: optional ? 'ok' : 'warning',
      detail: `${title} is missing${optional ? ', which is optional' : ''}${why === undefined ? '' : ` (to ${why})`}: ${detail}; "cliproxy install ${instanceId}" brings it`,
    }));
}
