// A local npm registry for scripts: `node test/registry/run.mjs [FOLDER|TARBALL …]` prints its address
// as the first line and serves until its standard input ends. Without arguments: every package here.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
const program = fileURLToPath(new URL('serve.ts', import.meta.url));
const loader = new URL('../matrix/load-typescript.mjs', import.meta.url).href;
const child = spawn(
  process.execPath,
  ['--conditions=cliproxy-src', '--import', loader, program, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
child.once('exit', (code) => process.exit(code ?? 1));
