import { execFile } from 'node:child_process';

/** What a program came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program of Node in a folder. Never rejects. */
export function runNode(cwd: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, maxBuffer: 1 << 26 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
  });
}

const FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** Compiles a package, as its `npm run build` does. */
export function build(folder: string): Promise<Ran> {
  return runNode(folder, ['node_modules/@typescript/native/bin/tsc']);
}

/** Runs the tests of a package that is built, as its `npm test` does. */
export function runTests(folder: string, ...args: readonly string[]): Promise<Ran> {
  return runNode(folder, [...FLAGS, 'node_modules/jest/bin/jest.js', '--runInBand', ...args]);
}
