import { describePlugin } from '@cliproxy/plugin-testkit';
import conformance from './conformance.ts';
import plugin from './index.ts';

describePlugin(plugin, {
  packageJson: new URL('../package.json', import.meta.url),
  ...conformance,
});
