import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import { runChild } from '../run-child.ts';
import { modelOf, settingsFor } from '../stage.ts';
import type { LifeOrder } from '../child/life-order.ts';

export const disposal: Check = {
  id: 'disposal',
  level: 'loads',
  means: 'Set up, used and ended several times, the plugin leaves nothing open in the process.',
  needs: ['contributions', 'import-quiet'],
  async run(context) {
    const { subject } = context;
    const [dialect = 'openai-chat'] = await context.dialects();
    const stage = await context.stage({ dialect });
    const order: LifeOrder = {
      folder: subject.folder,
      config: stage.config,
      settings: settingsFor(modelOf(subject, dialect)),
      dialect,
      asks: subject.manifest.executor,
    };
    const { fault, traces } = await runChild('watch-life', JSON.stringify(order));
    hold(fault === undefined, {
      expected: 'the built plugin to be set up in a process of its own',
      seen: fault ?? '',
      remedy:
        'build the package; what it imports must stand in its `dependencies` or `peerDependencies`',
    });
    const kinds = [
      ...new Set(traces.map(({ what, where }) => (where === '' ? what : `${what} at ${where}`))),
    ];
    hold(kinds.length === 0, {
      expected: 'as much open after two more lives as after the first',
      seen: kinds.slice(0, 3).join('; '),
      remedy:
        'release by `onDispose` what `setup` opens, and in `stop` what `start` opens; `signal` ends the rest',
    });
  },
};
