import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask, startServer } from '../../test/fixture.ts';
import type { RunningServer } from '../../test/fixture.ts';
import { routeTable } from '../index.ts';

/** As much of a document as is looked at. */
interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name?: string; readonly $ref?: string }[];
}

let gateway: RunningServer;
let document: Document;

beforeAll(async () => {
  gateway = await startServer();
  const got = await ask(gateway, '/openapi.json', { bare: true });
  expect([got.status, got.headers['content-type']]).toEqual([200, 'application/json']);
  document = got.json;
});
afterAll(() => gateway.server.close());

test('a validator finds nothing wrong with it', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate({ ...document });
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
  expect(document.info.version).toBe('9.8.7');
});

test('every route of the table is in it, and no other', () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = routeTable.map(({ method, path }) => `${method} ${path}`);
  expect(described.sort()).toEqual(routes.sort());
});

test('operations have ids of their own, and name what their path holds', () => {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );
  const ids = all.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of all) {
    const name = /\{(\w+)\}/.exec(path)?.[1];
    const named = operation.parameters.filter((one) => one.name === name && name !== undefined);
    expect([path, named.length]).toEqual([path, name === undefined ? 0 : 1]);
  }
});

test('whatever it refers to is there', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
  expect(refs.length).toBeGreaterThan(50);
  for (const [, kind = '', name = ''] of refs) {
    expect([kind, name, document.components[kind]?.[name] !== undefined]).toEqual([
      kind,
      name,
      true,
    ]);
  }
});

test('an operator route takes no key in the query; what anyone may see takes none', () => {
  const securityOf = (path: string): string[] =>
    (document.paths[path]?.get?.security ?? []).flatMap((one) => Object.keys(one));
  expect(securityOf('/v1/models')).toContain('queryKey');
  expect(securityOf('/v1/routes/explain')).toEqual([
    'adminBearer',
    'adminApiKey',
    'adminGoogApiKey',
  ]);
  expect(securityOf('/livez')).toEqual([]);
  expect(document.paths['/v1/health']?.get?.security[0]).toEqual({});
});

test('it is made once', async () => {
  const [first, second] = await Promise.all(
    [1, 2].map(() => ask(gateway, '/openapi.json', { bare: true })),
  );
  expect(first?.text).toBe(second?.text);
});
