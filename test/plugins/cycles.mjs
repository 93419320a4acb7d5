// `node test/plugins/cycles.mjs [COUNT] [--isolated]`: disables, enables and reloads an instance of a running gateway,
// 100 times by default, while it and others are asked; prints what failed and what leaked.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

createRequire(import.meta.url)('../../bin/prepare.cjs').prepare();
const loader = new URL('../matrix/load-typescript.mjs', import.meta.url).href;
const program = fileURLToPath(new URL('print-cycles.ts', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  ['--conditions=cliproxy-src', '--import', loader, program, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
