import { existsSync } from 'node:fs';
import { pluginOptions } from '@cliproxy/plugin-api/host';
import { hold, shown } from '../check.ts';
import type { Check } from '../check.ts';
import { startFault } from '../start-fault.ts';

const CODES = /^(PLUGIN_BAD_MANIFEST|PLUGIN_API_VERSION|PLUGIN_NOT_FOUND|CONFIG_INVALID)/u;

export const manifest: Check = {
  id: 'manifest',
  level: 'loads',
  means: 'The manifest in package.json is sound, and made for this version of the contract.',
  async run({ subject }) {
    const fault = await startFault(subject);
    hold(fault === undefined || !CODES.test(fault), {
      expected: 'a `cliproxyPlugin` in package.json that the gateway takes',
      seen: shown(fault),
      remedy: 'mend the field that is named',
    });
    const { entryFile } = subject;
    hold(existsSync(entryFile), {
      expected: `the file that the manifest calls \`entry\``,
      seen: `there is no ${entryFile}`,
      remedy: 'build the package, or mend `entry`',
    });
    hold(pluginOptions(subject.plugin) !== undefined, {
      expected: 'a default export made by definePlugin()',
      seen: shown(subject.plugin),
      remedy: 'export default definePlugin({ … })',
    });
    const { apiVersion } = subject.manifest;
    const own = subject.plugin.apiVersion;
    hold(!isLater(apiVersion, own), {
      expected: `an \`apiVersion\` that the installed @cliproxy/plugin-api has, at most "${own}"`,
      seen: `"${apiVersion}"`,
      remedy: `install @cliproxy/plugin-api ${apiVersion}.x, or write "${own}" into the manifest`,
    });
  },
};

/** A plugin made for 1.0 may be tested with the contract's package at 1.3, but not the other way round. */
function isLater(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [ownMajor = 0, ownMinor = 0] = than.split('.').map(Number);
  return major !== ownMajor || minor > ownMinor;
}
