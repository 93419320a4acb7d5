import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A throw-away plugin package, in plain JavaScript as anybody may write it. */
export interface FolderPlugin {
  readonly id: string;
  /** Put over the manifest; `none`: there is no manifest. */
  readonly manifest?: Readonly<Record<string, unknown>> | 'none';
  /** Body of `setup({ config, logger, signal, onDispose })`. */
  readonly setup?: string;
  /** The whole module in the place of `setup`. */
  readonly module?: string;
}

/** A folder with plugin packages in it; they find the contract as installed ones do. */
export interface PluginFolder {
  readonly dir: string;
  /** Writes a package. @returns its folder, for `package:`. */
  add(plugin: FolderPlugin): string;
  remove(): void;
}

const root = path.resolve(import.meta.dirname, '../..');

export function openPluginFolder(): PluginFolder {
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'cliproxy-plugins-')));
  mkdirSync(path.join(dir, 'node_modules', '@cliproxy'), { recursive: true });
  symlinkSync(
    path.join(root, 'packages', 'plugin-api'),
    path.join(dir, 'node_modules', '@cliproxy', 'plugin-api'),
  );
  return {
    dir,
    add({ id, manifest, setup = 'return {};', module }) {
      const folder = path.join(dir, id);
      mkdirSync(folder);
      const cliproxyPlugin = {
        manifestVersion: 1,
        id,
        apiVersion: '1.0',
        entry: './index.js',
        provides: {},
        permissions: {},
        ...(manifest === 'none' ? {} : manifest),
      };
      const packageJson = { name: `bad-${id}`, version: '1.2.3', type: 'module' };
      writeFileSync(
        path.join(folder, 'package.json'),
        JSON.stringify(manifest === 'none' ? packageJson : { ...packageJson, cliproxyPlugin }),
      );
      writeFileSync(path.join(folder, 'index.js'), module ?? moduleOf(setup));
      return folder;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function moduleOf(setup: string): string {
  return `import { configSchema, definePlugin, GatewayError } from '@cliproxy/plugin-api';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
const never = new Promise(() => {});
const schema = {
  type: 'object',
  additionalProperties: false,
  required: [],
  properties: { colour: { type: 'string', description: 'A colour.', enum: ['red', 'blue'], nullable: true } },
};
export default definePlugin({
  config: configSchema(schema),
  setup: async ({ config, logger, signal, onDispose }) => {
    ${setup}
  },
});
`;
}
