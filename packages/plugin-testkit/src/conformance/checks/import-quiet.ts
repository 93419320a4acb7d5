import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import { runChild } from '../run-child.ts';

export const importQuiet: Check = {
  id: 'import-quiet',
  level: 'loads',
  means:
    'Importing the plugin does nothing: no files, connections, processes, timers, output or globals.',
  needs: ['manifest'],
  async run({ subject }) {
    const { fault, traces } = await runChild('watch-import', subject.entryFile);
    hold(fault === undefined, {
      expected: `${subject.entryFile} to be importable`,
      seen: fault ?? '',
      remedy:
        'build the package; what it imports must stand in its `dependencies` or `peerDependencies`',
    });
    const [trace] = traces;
    hold(trace === undefined, {
      expected: 'an import without effects, in a fresh process',
      seen: `it ${trace?.what}${trace?.where ? ` at ${trace.where}` : ''}`,
      remedy:
        'move it into `setup`, or `start`, and release it by `onDispose`: an import runs once for all instances, enabled or not',
    });
  },
};
