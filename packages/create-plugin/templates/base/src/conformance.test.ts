import { describePlugin } from '@cliproxy/plugin-testkit';
import plugin from './index.js';

// Every check of the contract, each a test of its own; "Testing a plugin" in the docs of cliproxy lists them.
describePlugin(plugin, { packageJson: new URL('../package.json', import.meta.url) });
