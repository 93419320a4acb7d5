import { describePlugin } from '@cliproxy/plugin-testkit';
import plugin from './index.ts';

describePlugin(plugin, { packageJson: new URL('../package.json', import.meta.url) });
