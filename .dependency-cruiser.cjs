/** The layers of docs/ARCHITECTURE.md, checked. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: '^(packages|plugins)/', pathNot: [from, ...allowed] },
});
/** Packages that may use the kernel's ports, but only as types. */
const asTypes = (pkg) => ({
  name: `${pkg}-uses-ports-as-types`,
  severity: 'error',
  from: { path: `^packages/${pkg}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^packages/kernel/', dependencyTypesNot: ['type-only'] },
});
/** With what they bring along, such as fakes of a vendor. */
const pluginTests = '^plugins/([^/]+)/(test/|.*\\.test\\.ts$|src/conformance\\.ts$)';
const api = '^packages/plugin-api/';
const kernel = '^packages/kernel/src/index\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('plugin-api-is-a-leaf', '^packages/plugin-api/', []),
    only('kernel-knows-only-the-contract', '^packages/kernel/', [api]),
    only('protocols-behind-ports', '^packages/protocols/', [api, kernel]),
    only('config-behind-ports', '^packages/config/', [api, kernel]),
    only('vault-behind-ports', '^packages/vault/', [api, kernel]),
    only('oauth-knows-only-the-contract', '^packages/oauth/src/', [api]),
    only('create-plugin-knows-only-the-contract', '^packages/create-plugin/', [api]),
    only('server-behind-ports', '^packages/server/', [api, kernel]),
    asTypes('protocols'),
    asTypes('config'),
    asTypes('vault'),
    asTypes('server'),
    {
      name: 'dialects-below-the-hub',
      comment: 'a dialect is what codec says; the hub brings dialects together',
      severity: 'error',
      from: { path: '^packages/protocols/src/(?!hub/|index)', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/protocols/src/hub/' },
    },
    {
      name: 'plugins-know-only-the-contract',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/', pathNot: pluginTests },
      to: { path: '^(packages|plugins)/', pathNot: [api, '^packages/oauth/', '^plugins/$1/'] },
    },
    {
      name: 'plugin-tests-use-the-testkit',
      severity: 'error',
      from: { path: pluginTests },
      to: {
        path: '^(packages|plugins)/',
        pathNot: [api, '^packages/(plugin-testkit|oauth)/', '^plugins/$1/'],
      },
    },
    {
      name: 'examples-know-what-is-published',
      severity: 'error',
      from: { path: '^docs/examples/([^/]+)/' },
      to: {
        path: '^(packages|plugins|docs)/',
        pathNot: [api, '^packages/(plugin-testkit|oauth)/', '^docs/examples/$1/'],
      },
    },
    {
      name: 'only-the-gateway-composes',
      severity: 'error',
      from: { path: '^packages/((?!gateway/)[^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/(protocols|server|vault)/', pathNot: '^packages/$1/' },
    },
    {
      name: 'tsyringe-lives-in-the-kernel',
      severity: 'error',
      from: { pathNot: '^packages/kernel/src/di/' },
      to: { path: 'node_modules/(tsyringe|reflect-metadata)/' },
    },
    {
      name: 'through-the-front-door',
      comment: 'other packages are used by their index, not by their insides',
      severity: 'error',
      from: { path: '^(packages|plugins)/([^/]+)/' },
      to: {
        path: '^(packages|plugins)/[^/]+/src/',
        pathNot: [
          '^$1/$2/',
          '/src/index\\.ts$',
          '^packages/plugin-api/src/host\\.ts$',
          '^packages/gateway/src/data-place\\.ts$',
        ],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Ours alone, built or not: what is installed lives in folders of that name as well.
    exclude: {
      path: '^((packages|plugins|docs/examples)/[^/]+|\\.\\.)/(dist|coverage|templates)/',
    },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['cliproxy-src', 'import', 'node', 'default', 'types'],
    },
  },
};
