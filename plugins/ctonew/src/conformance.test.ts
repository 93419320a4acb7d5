import { describe } from '@jest/globals';
import { describePlugin } from '@cliproxy/plugin-testkit';
import { webConformance } from '../test/web-conformance.ts';
import conformance from './conformance.ts';
import plugin from './index.ts';

const packageJson = new URL('../package.json', import.meta.url);

describe('mode cli', () => describePlugin(plugin, { packageJson, ...conformance }));
describe('mode web', () => describePlugin(plugin, { packageJson, ...webConformance }));
