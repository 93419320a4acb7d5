/** What a plugin needs that npm does not bring: said, brought, and told where it is missing. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openPluginFolder } from '../plugins/plugin-folder.ts';
import type { PluginFolder } from '../plugins/plugin-folder.ts';
import { openWorkshop, prepareOnce } from './gateway-process.ts';
import type { Ended, Workshop } from './gateway-process.ts';

const PATIENCE_MS = 300_000;
let shop: Workshop;
let plugins: PluginFolder;
let bin: string;
let file: string;

beforeAll(prepareOnce, 600_000);
beforeEach(() => {
  shop = openWorkshop();
  plugins = openPluginFolder();
  bin = path.join(shop.dir, 'bin');
  mkdirSync(bin);
});
afterEach(() => {
  shop.clear();
  plugins.remove();
});

/** An instance `needy` with these needs. */
function configure(needs: readonly object[], config = '{}'): void {
  const folder = plugins.add({ id: 'needy', manifest: { needs } });
  file = shop.config(`
server: { port: 0 }
plugins:
  needy: { package: '${folder}', config: ${config} }
`);
}

function program(name: string, body: string): string {
  const at = path.join(bin, name);
  writeFileSync(at, `#!/bin/sh\n${body}\n`);
  chmodSync(at, 0o755);
  return at;
}

/** With nothing on PATH but the programs of the test, and a shell for them. */
const cli = (...args: readonly string[]): Promise<Ended> =>
  shop.run([...args, '--config', file], { env: { PATH: bin } });

const tool = {
  kind: 'command',
  title: 'The tool',
  for: 'do its work',
  commands: ['the-tool', 'another-tool'],
  env: 'THE_TOOL',
  apt: ['the-tool-bin'],
};

const isRoot = process.getuid?.() === 0;

test(
  'a program: said with --dry-run, brought by apt-get, and then found',
  async () => {
    configure([tool]);
    const called = path.join(shop.dir, 'called');
    program(
      'apt-get',
      `echo "$DEBIAN_FRONTEND $*" >> ${called}; echo "Reading package lists"
if [ "$1" = install ]; then printf '#!/bin/sh\\n' > ${bin}/another-tool; /bin/chmod +x ${bin}/another-tool; fi`,
    );
    const dry = await cli('install', 'needy', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain('The tool: none of the-tool, another-tool is on PATH');
    expect(dry.stdout).toContain('It is needed to do its work.');
    expect(dry.stdout).toContain('apt-get install -y --no-install-recommends the-tool-bin');
    expect(existsSync(called)).toBe(false);
    const doctor = await cli('doctor');
    expect(doctor.stdout).toMatch(
      /^warning +needs of needy: The tool is missing.*cliproxy install needy/mu,
    );
    expect((await cli('plugins', 'check')).stderr).toContain('The tool is missing');
    const install = await cli('install', 'needy');
    if (!isRoot) {
      expect(install.code).toBe(1);
      expect(install.stdout).toContain('sudo apt-get install');
      expect(existsSync(called)).toBe(false);
      return;
    }
    expect(install.code).toBe(0);
    expect(install.stderr).toContain('Reading package lists');
    expect(install.stdout).toContain(`ok       The tool: ${bin}/another-tool`);
    expect(readFileSync(called, 'utf8')).toBe(
      'noninteractive update\nnoninteractive install -y --no-install-recommends the-tool-bin\n',
    );
    expect((await cli('doctor')).stdout).not.toContain('needs of needy');
  },
  PATIENCE_MS,
);

test(
  'a program that somebody names counts, and nothing is installed in its stead',
  async () => {
    configure([{ ...tool, setting: '/tool/path' }], '{ tool: { path: /does/not/exist } }');
    program('the-tool', '');
    program('apt-get', 'exit 1');
    const wrong = await cli('install', 'needy');
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('plugins.needy.config.tool.path names /does/not/exist');
    const env = { PATH: bin, THE_TOOL: path.join(bin, 'the-tool') };
    file = shop.config(readFileSync(file, 'utf8').replace(/config: .*\}\s*$/mu, 'config: {} }'));
    const named = await shop.run(['install', 'needy', '--json', '--config', file], { env });
    expect(JSON.parse(named.stdout)).toMatchObject({
      needs: [{ met: true, detail: `${env.THE_TOOL} (THE_TOOL)`, steps: [] }],
    });
  },
  PATIENCE_MS,
);

test(
  'an installation that fails: which command, how, and exit code 1',
  async () => {
    configure([tool]);
    program('apt-get', 'echo "E: Unable to locate package" >&2; exit 100');
    const { code, stdout } = await cli('install', 'needy', '--json');
    expect(code).toBe(1);
    if (isRoot) {
      expect(JSON.parse(stdout).error.message).toMatch(
        /^"apt-get update" failed \(exit code 100\)\nE: Unable to locate package$/u,
      );
    }
    const unknown = await cli('install', 'nedy');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('Did you mean needy?');
  },
  PATIENCE_MS,
);

const python = spawnSync('python3', ['-c', 'import sys, venv, ensurepip; print(sys.executable)'], {
  encoding: 'utf8',
});
// pip says so itself where the index can't be reached.
const { status, stderr } = spawnSync(
  'python3',
  ['-m', 'pip', 'download', '--no-deps', '-q', '-d', '/dev/null', 'iniconfig==2.0.0'],
  { encoding: 'utf8', timeout: 60_000 },
);
const reachable =
  python.status === 0 && status !== null && !stderr.includes('No matching distribution');

(reachable ? test : test.skip)(
  'a Python package, by the real pip: into an environment of the instance',
  async () => {
    configure([{ kind: 'pip', title: 'iniconfig', packages: ['iniconfig==2.0.0'] }]);
    symlinkSync(python.stdout.trim(), path.join(bin, 'python3'));
    const folder = path.join(shop.dir, '.cliproxy', 'data', 'python', 'needy');
    const dry = await cli('install', 'needy', '--dry-run');
    expect(dry.stdout).toContain(`python3 -m venv ${folder}`);
    expect(existsSync(folder)).toBe(false);
    const install = await cli('install', 'needy');
    expect(install.stderr).toContain('Successfully installed iniconfig-2.0.0');
    expect(install.stdout).toContain(`ok       iniconfig: iniconfig==2.0.0 in ${folder}`);
    expect(install.code).toBe(0);
    const again = await cli('install', 'needy');
    expect({ code: again.code, stderr: again.stderr }).toEqual({ code: 0, stderr: '' });
  },
  PATIENCE_MS,
);
