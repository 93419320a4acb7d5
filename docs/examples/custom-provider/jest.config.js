/** Tests run as built: what is tested is what is published. `npm test` builds first. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/dist'],
  testMatch: ['**/*.test.js'],
  transform: {},
  testTimeout: 30_000,
};
