import fs from 'node:fs';
import vm from 'node:vm';

if (!vm.SourceTextModule) {
  throw new Error('run tests with "npm test": jest needs node --experimental-vm-modules');
}

const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  testEnvironmentOptions: { customExportConditions: ['cliproxy-src', 'node', 'node-addons'] },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      },
    ],
  },
};

const workspaces = ['packages', 'plugins', 'docs/examples']
  .flatMap((root) => fs.readdirSync(root).map((name) => `${root}/${name}`))
  .filter((dir) => fs.existsSync(`${dir}/package.json`));

export default {
  projects: [
    ...workspaces.map((dir) => ({ ...base, displayName: dir, rootDir: dir })),
    { ...base, displayName: 'test', rootDir: 'test', testMatch: ['<rootDir>/**/*.test.ts'] },
  ],
  // No test waits this long; a busy machine may.
  testTimeout: 30_000,
  workerIdleMemoryLimit: '512MB',
};
