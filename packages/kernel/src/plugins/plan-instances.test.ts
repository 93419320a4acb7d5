import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { checker, instance, openWorkshop, type Workshop } from '../../test/plugin-workshop.ts';
import { API_VERSION } from '@cliproxy/plugin-api';
import { copyProblem, experimentalProblem, versionProblem } from './api-version.ts';
import { inspectPlugin, installedPluginIds } from './inspect-plugin.ts';
import { type InstancePlan, planInstances } from './plan-instances.ts';
import type { PluginSettings } from '../ports/settings.ts';

let shop: Workshop;
beforeEach(() => {
  shop = openWorkshop();
});
afterEach(() => shop.remove());

function plan(plugins: readonly PluginSettings[], dirs = [shop.dir]): readonly InstancePlan[] {
  return planInstances(plugins, { dirs, preloaded: [], checker });
}

function onlyProblem(plans: readonly InstancePlan[]): { code: string; message: string } {
  const problems = plans.flatMap((one) => one.problems);
  expect(problems).toHaveLength(1);
  const { code = '', message = '' } = problems[0] ?? {};
  return { code, message };
}

describe('finding packages', () => {
  test('by bare id, by name and by folder', () => {
    const folder = shop.add({ id: 'foo' });
    shop.add({ name: 'cliproxy-bar', id: 'bar' });
    shop.add({ name: '@someone/baz', id: 'baz' });
    const plans = plan([
      instance('a', { package: 'foo' }),
      instance('b', { package: '@cliproxy/plugin-foo' }),
      instance('c', { package: folder }),
      instance('d', { package: 'cliproxy-bar' }),
      instance('e', { package: '@someone/baz' }),
      instance('f', { package: './node_modules/@someone/baz' }),
    ]);
    expect(plans.flatMap((one) => one.problems)).toEqual([]);
    expect(plans.map((one) => one.package?.manifest.id)).toEqual([
      'foo',
      'foo',
      'foo',
      'bar',
      'baz',
      'baz',
    ]);
    expect(plans[2]?.source).toMatchObject({ file: join(folder, 'index.js') });
  });

  test("from the configuration's folder upwards first, then from the gateway's own", () => {
    shop.add({ id: 'foo', version: '1.0.0' });
    const other = openWorkshop();
    other.add({ id: 'foo', version: '2.0.0' });
    other.add({ id: 'bar' });
    const deep = join(shop.dir, 'some', 'where');
    shop.write('some/where/config.yaml', '');
    const plans = plan([instance('foo'), instance('bar')], [deep, other.dir]);
    expect(plans.map((one) => one.package?.version)).toEqual(['1.0.0', '1.0.0']);
    expect(plans[1]?.source).toMatchObject({ file: expect.stringContaining(other.dir) });
    other.remove();
  });

  test('through a link, as workspaces have', () => {
    const folder = shop.add({ id: 'foo' });
    symlinkSync(folder, join(shop.dir, 'linked'));
    const [linked] = plan([instance('foo', { package: join(shop.dir, 'linked') })]);
    expect(linked?.source).toMatchObject({ file: join(folder, 'index.js') });
  });

  test('where exports hides package.json, or offers import alone', () => {
    shop.add({ id: 'foo', packageJson: { exports: { '.': { import: './index.js' } } } });
    const [found] = plan([instance('foo')]);
    expect(found?.problems).toEqual([]);
    expect(found?.source).toMatchObject({ file: expect.stringMatching(/plugin-foo\/index\.js$/) });
  });

  test('what is not there is told with where and how to install it', () => {
    const { code, message } = onlyProblem(plan([instance('nope')]));
    expect(code).toBe('PLUGIN_NOT_FOUND');
    expect(message).toContain('"nope"');
    expect(message).toContain('set `package:` to its name or folder');
    expect(message).not.toContain('npm install');
    expect(message).toContain(shop.dir);
  });

  test('a misspelt id is answered with those that are installed, from our own folder too', () => {
    const own = openWorkshop();
    own.add({ id: 'foobar' });
    own.add({ name: '@cliproxy/plugin-fooba', manifest: null });
    const { message } = onlyProblem(plan([instance('foobra')], [shop.dir, own.dir]));
    expect(message).toContain('did you mean foobar? Otherwise install');
    expect(message).not.toContain(own.dir);
    own.remove();
  });

  test('an entry that was not built is told, and one outside the package is refused', () => {
    shop.add({ id: 'foo', manifest: { entry: './dist/gone.js' } });
    const gone = onlyProblem(plan([instance('foo')]));
    expect(gone.code).toBe('PLUGIN_NOT_FOUND');
    expect(gone.message).toContain('./dist/gone.js');
    shop.write('node_modules/outside.js', 'export default 1;');
    shop.add({ id: 'foo', manifest: { entry: './a/../../../outside.js' } });
    expect(onlyProblem(plan([instance('foo')])).code).toBe('PLUGIN_BAD_MANIFEST');
    const folder = shop.add({ id: 'bar', manifest: { entry: './link.js' } });
    symlinkSync(join(shop.dir, 'node_modules/outside.js'), join(folder, 'link.js'));
    expect(onlyProblem(plan([instance('bar')])).code).toBe('PLUGIN_NOT_FOUND');
  });
});

describe('manifests', () => {
  test.each([
    ['cliproxyPlugin', { manifest: null }, 'not a plugin of cliproxy'],
    ['manifestVersion', { manifest: { manifestVersion: 2 } }, 'later version of cliproxy'],
    ['id', { manifest: { id: 'Foo/../bar' } }, 'cliproxyPlugin.id'],
    ['apiVersion', { manifest: { apiVersion: 'v1' } }, 'cliproxyPlugin.apiVersion'],
    ['provides', { manifest: { provides: { executors: true } } }, 'executors'],
    ['probes', { manifest: { provides: { probes: [1] } } }, 'provides.probes.0'],
    [
      'hooks before their time',
      { manifest: { apiVersion: '1.0', provides: { hooks: ['log'] } } },
      'provides.hooks: plugin API 1.0 has no hooks; set apiVersion to "1.1"',
    ],
    ['sockets', { manifest: { provides: { sockets: ['v1/ws'] } } }, 'provides.sockets.0'],
    ['hosts', { manifest: { permissions: { hosts: ['*.example'] } } }, 'permissions.hosts.0'],
    ['models', { manifest: { provides: { models: [{ upstream: 'x' }] } } }, 'match'],
    ['needs', { manifest: { needs: [{ kind: 'brew', title: 'X' }] } }, 'needs.0.kind'],
    [
      'commands',
      { manifest: { needs: [{ kind: 'command', title: 'X', commands: ['-rf'] }] } },
      'needs.0.commands.0',
    ],
    [
      'packages',
      { manifest: { needs: [{ kind: 'pip', title: 'X', packages: ['g4f>=1'] }] } },
      'needs.0.packages.0',
    ],
    ['version', { packageJson: { version: 1 } }, '`version`'],
  ])('%s that is wrong is named', (_field, spec, said) => {
    shop.add({ id: 'foo', ...spec });
    const { code, message } = onlyProblem(plan([instance('foo')]));
    expect(code).toBe('PLUGIN_BAD_MANIFEST');
    expect(message).toContain('"foo"');
    expect(message).toContain(said);
  });

  test('a package.json that is no JSON is told', () => {
    shop.write('node_modules/@cliproxy/plugin-foo/package.json', '{');
    expect(onlyProblem(plan([instance('foo')])).message).toContain("can't be read");
  });

  test('what is left out has its default', () => {
    shop.add({ id: 'foo' });
    expect(plan([instance('foo')])[0]?.package?.manifest).toMatchObject({
      provides: {
        executor: false,
        authenticators: [],
        probes: [],
        sockets: [],
        hooks: [],
        models: [],
      },
      permissions: { hosts: [], env: [], childProcess: false },
      needs: [],
    });
  });

  test('what npm does not bring is told by kind', () => {
    shop.add({
      id: 'foo',
      manifest: {
        needs: [
          { kind: 'command', title: 'Chromium', commands: ['chromium'], env: 'CHROME' },
          { kind: 'pip', title: 'g4f', packages: ['g4f[api]==0.5.2.post1'], optional: true },
        ],
      },
    });
    const { problems, package: read } = plan([instance('foo')])[0]!;
    expect(problems).toEqual([]);
    expect(read?.manifest.needs).toEqual([
      {
        kind: 'command',
        title: 'Chromium',
        commands: ['chromium'],
        env: 'CHROME',
        apt: [],
        optional: false,
      },
      { kind: 'pip', title: 'g4f', packages: ['g4f[api]==0.5.2.post1'], optional: true },
    ]);
  });

  test('can be read of a plugin that is not configured', () => {
    const folder = shop.add({ id: 'foo' });
    const sources = { dirs: [shop.dir], checker };
    expect(inspectPlugin('foo', sources)).toMatchObject({ folder, package: { version: '1.0.0' } });
    expect(inspectPlugin('bar', sources).faults?.join()).toContain('no package');
    shop.add({ id: 'bar', manifest: { id: 1 } });
    expect(inspectPlugin('bar', sources).faults?.join()).toContain('cliproxyPlugin.id');
    expect(installedPluginIds([shop.dir])).toEqual(['bar', 'foo']);
  });
});

describe('packages that were added', () => {
  const added = (folder: string, fault?: string) =>
    new Map([['foo', { folder, ...(fault !== undefined && { fault }) }]]);
  const planWith = (stored: ReturnType<typeof added>, reference: string) =>
    planInstances([instance('a', { package: reference })], {
      dirs: [shop.dir],
      preloaded: [],
      stored,
      checker,
    });

  test('are taken before others of their name', () => {
    shop.add({ name: 'foo', id: 'foo', version: '1.0.0' });
    const other = openWorkshop();
    const folder = other.add({ name: 'foo', id: 'foo', version: '2.0.0' });
    expect(planWith(added(folder), 'foo')[0]?.package?.version).toBe('2.0.0');
    expect(planWith(added(folder), shop.dir)[0]?.package).toBeUndefined();
    other.remove();
  });

  test('are not meant by the bare id of one of our own scope, which is installed or added itself', () => {
    shop.add({ id: 'foo', version: '1.0.0' });
    const other = openWorkshop();
    const folder = other.add({ name: 'foo', id: 'foo', version: '2.0.0' });
    expect(planWith(added(folder), 'foo')[0]?.package?.name).toBe('@cliproxy/plugin-foo');
    const sources = { dirs: [shop.dir], stored: added(folder), checker };
    expect(inspectPlugin('foo', sources).package?.name).toBe('@cliproxy/plugin-foo');
    const own = other.add({ id: 'foo', version: '3.0.0' });
    const both = new Map([...added(folder), ['@cliproxy/plugin-foo', { folder: own }]]);
    expect(planWith(both, 'foo')[0]?.package?.version).toBe('3.0.0');
    other.remove();
  });

  test('are refused where a file is not as it was, though another package has the name', () => {
    const folder = shop.add({ name: 'foo', id: 'foo' });
    const plans = planWith(added(folder, 'foo 1.0.0 was changed: index.js'), 'foo');
    expect(onlyProblem(plans)).toEqual({
      code: 'PLUGIN_INTEGRITY',
      message: 'plugin "a": foo 1.0.0 was changed: index.js',
    });
    expect(plans[0]?.source).toBeUndefined();
  });
});

describe('versions of the contract', () => {
  test.each([
    ['0.1', '0.1', undefined],
    ['0.2', '0.1', 'later version of cliproxy'],
    ['0.1', '0.2', 'later version of the plugin'],
    ['1.0', '0.9', 'later version of cliproxy'],
    ['0.9', '1.0', 'later version of the plugin'],
    ['1.2', '1.3', undefined],
    ['1.3', '1.3', undefined],
    ['1.4', '1.3', 'later version of cliproxy'],
    ['1.10', '1.9', 'later version of cliproxy'],
    ['2.0', '1.3', 'later version of cliproxy'],
    ['1.3', '2.0', 'later version of the plugin'],
    ['x', '0.1', 'major.minor'],
    ['01.0', '1.0', 'major.minor'],
  ])('plugin %s, gateway %s', (wanted, offered, said) => {
    const problem = versionProblem(wanted, offered);
    if (said === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(said);
  });

  test.each([
    ['1.0', '1.1', undefined],
    ['1.3', '1.1', undefined],
    ['0.9', '1.1', 'install the plugin again with @cliproxy/plugin-api 1.x'],
    ['2.0', '1.1', 'install the plugin again with @cliproxy/plugin-api 1.x'],
    ['undefined', '1.1', 'installed with @cliproxy/plugin-api undefined'],
  ])('the copy of the contract may have any minor: %s in %s', (stamped, offered, said) => {
    const problem = copyProblem(stamped, offered);
    if (said === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(said);
  });

  test.each([
    ['1.1', '1.1', undefined],
    ['1.0', '1.1', 'made for exactly 1.1'],
    ['1.2', '1.1', 'later version of cliproxy'],
    ['0.9', '1.1', 'later version of the plugin'],
  ])('an experimental one must be made for exactly it: %s in %s', (wanted, offered, said) => {
    const problem = experimentalProblem(wanted, offered);
    if (said === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(said);
  });

  test('an experimental plugin runs only where the operator has agreed', () => {
    const manifest = { experimental: true, apiVersion: API_VERSION };
    shop.add({ id: 'foo', manifest });
    const { code, message } = onlyProblem(plan([instance('foo')]));
    expect(code).toBe('PLUGIN_EXPERIMENTAL');
    expect(message).toContain('set `experimental: true` at plugins.foo');
    expect(plan([instance('foo', { experimental: true })])[0]?.problems).toEqual([]);
  });

  test('a plugin of another version is refused before its code runs', () => {
    const marker = join(shop.dir, 'ran');
    shop.add({
      id: 'foo',
      manifest: { apiVersion: '0.99' },
      module: `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, '');`,
    });
    const { code, message } = onlyProblem(plan([instance('foo')]));
    expect(code).toBe('PLUGIN_API_VERSION');
    expect(message).toContain('0.99');
    expect(existsSync(marker)).toBe(false);
  });
});

describe('all instances together', () => {
  test('every problem of every instance is told at once', () => {
    shop.add({ id: 'old', manifest: { apiVersion: '0.0' } });
    const plans = plan([
      instance('nope'),
      instance('old'),
      instance('Bad Id', { package: 'old' }),
      instance('env', {
        package: 'nope-either',
        problems: [{ code: 'CONFIG_ENV_UNSET', message: 'KEY is not set' }],
      }),
    ]);
    expect(plans.map((one) => one.problems.map((problem) => problem.code))).toEqual([
      ['PLUGIN_NOT_FOUND'],
      ['PLUGIN_API_VERSION'],
      ['CONFIG_INVALID', 'PLUGIN_API_VERSION'],
      ['CONFIG_ENV_UNSET', 'PLUGIN_NOT_FOUND'],
    ]);
    expect(plans.every((one) => one.source === undefined)).toBe(true);
    expect(plans[0]?.problems[0]).toMatchObject({ instanceId: 'nope', pointer: '/plugins/nope' });
  });

  test.each(['', '../x', '%2e%2e', 'a\0b', 'UPPER', '.hidden', 'a/b', 'x'.repeat(65), 'é'])(
    'the instance id %j is refused',
    (id) => {
      shop.add({ id: 'foo' });
      expect(onlyProblem(plan([instance(id, { package: 'foo' })])).code).toBe('CONFIG_INVALID');
    },
  );

  test('one package can be mounted many times, but two packages can not share an id', () => {
    shop.add({ id: 'foo' });
    shop.add({ name: 'another', id: 'foo' });
    const plans = plan([
      instance('a', { package: 'foo' }),
      instance('b', { package: 'foo' }),
      instance('c', { package: 'another' }),
    ]);
    const { code, message } = onlyProblem(plans);
    expect(code).toBe('PLUGIN_DUPLICATE');
    expect(message).toContain('"c"');
    expect(message).toContain('"foo"');
    expect(plans[2]?.problems).toHaveLength(1);
  });

  test('a socket path and an instance id are claimed once', () => {
    shop.add({ id: 'foo', manifest: { provides: { sockets: ['/v1/ws'] } } });
    const { code, message } = onlyProblem(
      plan([instance('a', { package: 'foo' }), instance('b', { package: 'foo' })]),
    );
    expect(code).toBe('PLUGIN_DUPLICATE');
    expect(message).toContain('/v1/ws');
    expect(message).toContain('"a"');
    shop.add({ id: 'bar' });
    expect(onlyProblem(plan([instance('bar'), instance('bar')])).code).toBe('PLUGIN_DUPLICATE');
  });

  test('of disabled instances nothing is asked and nothing is claimed', () => {
    shop.add({ id: 'foo', manifest: { provides: { sockets: ['/v1/ws'] } } });
    const off = { package: 'foo', enabled: false, problems: [{ code: 'X', message: 'unset' }] };
    const plans = plan([instance('a', off), instance('b', { package: 'foo' })]);
    expect(plans.flatMap((one) => one.problems)).toEqual([]);
  });
});
