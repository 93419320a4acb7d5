// Serves packages until standard input ends: prints the address of the registry as its first line.
import { startRegistry } from './start-registry.ts';

const packages = process.argv.slice(2);
const registry = await startRegistry(packages.length === 0 ? {} : { packages });
console.log(registry.url);
process.stdin.resume().once('end', () => void registry.close());
