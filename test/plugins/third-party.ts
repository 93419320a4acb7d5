import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A plugin package as somebody else would publish it: it answers every question with one text. */
export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  /** What it answers with. Default: name and version. */
  readonly says?: string;
  /** Default: ESM. */
  readonly commonJs?: boolean;
  /** Put over the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Put over package.json. */
  readonly packageJson?: Readonly<Record<string, unknown>>;
  /** Source, at the top of the module. */
  readonly top?: string;
}

/** Writes the package below a folder; gives its own. It brings the contract as a dependency, as npm has it. */
export function writeThirdParty(dir: string, plugin: ThirdParty): string {
  const { name, version, says = `${name} ${version}`, commonJs = false, top = '' } = plugin;
  const id = name.replace(/^@/u, '').replace('/', '-');
  const folder = path.join(dir, `${id}-${version}`);
  mkdirSync(path.join(folder, 'lib'), { recursive: true });
  const entry = commonJs ? './lib/index.cjs' : './lib/index.js';
  const json = {
    name,
    version,
    description: 'Says one thing.',
    type: 'module',
    main: entry,
    files: ['lib'],
    dependencies: { '@cliproxy/plugin-api': `^${contractVersion()}` },
    cliproxyPlugin: {
      manifestVersion: 1,
      id,
      apiVersion: '1.0',
      entry,
      provides: { executor: true, models: [{ match: `${id}-*` }] },
      permissions: {},
      ...plugin.manifest,
    },
    ...plugin.packageJson,
  };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(json, undefined, 2));
  writeFileSync(
    path.join(folder, 'README.md'),
    `# ${name}\n\nSays [one](https://x.example) thing.\n`,
  );
  const imported = 'configSchema, definePlugin';
  const head = commonJs
    ? `const { ${imported} } = require('@cliproxy/plugin-api');\nconst { says } = require('./says.cjs');`
    : `import { ${imported} } from '@cliproxy/plugin-api';\nimport { says } from './says.js';`;
  const tail = commonJs ? 'module.exports = plugin;' : 'export default plugin;';
  const literal = JSON.stringify(says);
  writeFileSync(path.join(folder, 'lib', 'says.js'), `export const says = ${literal};\n`);
  writeFileSync(path.join(folder, 'lib', 'says.cjs'), `exports.says = ${literal};\n`);
  writeFileSync(
    path.join(folder, entry),
    `${head}
${top}
const schema = {
  type: 'object',
  additionalProperties: false,
  examples: [{ greeting: 'Hi' }],
  properties: {
    greeting: { type: 'string', description: 'What comes first.', default: 'Hello' },
    paceMs: { type: 'integer', description: 'Between two words, in ms.', default: 0 },
  },
};
const plugin = definePlugin({
  config: configSchema(schema),
  setup: ({ config }) => ({
    executor: {
      kind: 'events',
      async models() { return [{ id: '${id}-1' }]; },
      async *run(_request, call) {
        yield { type: 'start' };
        yield { type: 'open', index: 0, part: { type: 'text', text: '' } };
        for (const word of (config.greeting + ' from ' + says).split(' ')) {
          call.signal.throwIfAborted();
          yield { type: 'delta', index: 0, text: word + ' ' };
          if (config.paceMs > 0) await new Promise((resolve) => setTimeout(resolve, config.paceMs));
        }
        yield { type: 'close', index: 0 };
        yield { type: 'finish', reason: 'stop' };
      },
    },
  }),
});
${tail}
`,
  );
  return folder;
}

/** Of the package with the contract, as it stands in this repository. */
function contractVersion(): string {
  const file = new URL('../../packages/plugin-api/package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
