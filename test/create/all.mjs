// `node test/create/all.mjs [WORD …]`: every package that create-plugin can write is compiled and held to
// its own tests, the whole conformance run among them. Words choose some. About four minutes for all.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
const { status } = spawnSync(
  process.execPath,
  [
    '--conditions=cliproxy-src',
    '--import',
    new URL('../matrix/load-typescript.mjs', import.meta.url).href,
    fileURLToPath(new URL('all.ts', import.meta.url)),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
