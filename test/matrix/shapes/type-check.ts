import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Emitted } from './emitted.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const TYPES = path.join(import.meta.dirname, 'sdk-types.ts');

/**
 * Writes the values into a file, each as what its type says it is, and has it compiled: nothing may
 * be missing, of another type, or unknown.
 *
 * @returns what the compiler says, an entry for each value that is wrong.
 */
export function typeCheck(values: readonly Emitted[]): readonly string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'cliproxy-shapes-'));
  try {
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    copyFileSync(TYPES, path.join(folder, 'sdk-types.ts'));
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    writeFileSync(path.join(folder, 'values.ts'), source(values));
    const compiler = path.join(ROOT, 'node_modules/@typescript/native/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', '.', '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    return complaints(stdout, values);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const TSCONFIG = {
  files: ['values.ts'],
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    preserveSymlinks: true,
    types: ['node'],
  },
};

/** The line of the first value. */
const FIRST_LINE = 2;

/** One line for each value, so that the line of an error finds it. */
function source(values: readonly Emitted[]): string {
  return [
    "import type { Written } from './sdk-types.ts';",
    ...values.map(({ kind, value }) => `void (${literal(value)} satisfies Written['${kind}']);`),
  ].join('\n');
}

/** Characters that end a line for a compiler, though not for JSON, are written by their numbers. */
function literal(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function complaints(output: string, values: readonly Emitted[]): readonly string[] {
  const told = new Map<number, string>();
  for (const text of output.split(/^(?=\S)/mu).filter((entry) => entry.trim() !== '')) {
    const line = Number(/^values\.ts\((\d+),/u.exec(text)?.[1] ?? 0);
    const emitted = values[line - FIRST_LINE];
    const what = text.replace(/^.*?: error /u, '').trim();
    const complaint =
      emitted === undefined
        ? text
        : `${emitted.kind} (${emitted.where}): ${what}\n${literal(emitted.value).slice(0, 2000)}`;
    if (!told.has(line)) told.set(line, complaint);
  }
  return [...told.values()];
}
