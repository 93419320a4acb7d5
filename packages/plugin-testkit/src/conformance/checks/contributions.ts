import { hold, shown } from '../check.ts';
import type { Check } from '../check.ts';
import { examplesOf, placed } from '../config-of.ts';
import { startFault } from '../start-fault.ts';
import { watched } from '../watch.ts';

export const contributions: Check = {
  id: 'contributions',
  level: 'loads',
  means: 'What setup returns is what the manifest says, no more and no less.',
  needs: ['manifest', 'config-example'],
  async run({ subject }) {
    const watch = watched(subject.plugin);
    const seen = { ...subject, plugin: watch.plugin };
    const fault = await startFault(seen);
    hold(fault === undefined, {
      expected: 'a set-up with the example configuration, and what `provides` says',
      seen: shown(fault),
      remedy: 'make `provides` in the manifest and what setup returns the same',
    });
    for (const example of examplesOf(subject).slice(1)) {
      const unable = await startFault(seen, (_usual, url) =>
        placed(subject, example, { url, upstream: undefined, credentials: [] }),
      );
      hold(unable === undefined, () => ({
        expected: `a set-up with the example ${shown(example)}`,
        seen: shown(unable),
        remedy: 'mend the example, or what setup makes of it',
      }));
    }
    const made = new Set(
      watch.contributions.flatMap(({ authenticators = [] }) => authenticators.map(({ id }) => id)),
    );
    const missing = subject.manifest.authenticators.filter((id) => !made.has(id));
    hold(missing.length === 0, {
      expected: `each of provides.authenticators under one of the examples at least`,
      seen: `${missing.join(', ')} under none`,
      remedy:
        "add a configuration that turns it on to the schema's `examples`, or take it out of the manifest",
    });
  },
};
