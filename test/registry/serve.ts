// Serves packages until standard input ends: prints the address of the registry as its first line.
import { startRegistry } from './start-registry.ts';

const packages = process.argv.slice(2);
if (packages.some((one) => one.startsWith('-'))) {
  console.log(
    'node test/registry/run.mjs [FOLDER|TARBALL ...]: serves them, or every package here',
  );
  process.exit(packages.includes('--help') ? 0 : 2);
}
const registry = await startRegistry(packages.length === 0 ? {} : { packages });
console.log(registry.url);
process.stdin.resume().once('end', () => void registry.close());
