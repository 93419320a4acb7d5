import { existsSync } from 'node:fs';
import { API_VERSION } from '@cliproxy/plugin-api';
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
    hold(apiVersion === own, {
      expected: `\`apiVersion\` "${own}", which the code was made with`,
      seen: `"${apiVersion}"`,
      remedy: `write "${API_VERSION}" into the manifest, with @cliproxy/plugin-api of that version`,
    });
  },
};
