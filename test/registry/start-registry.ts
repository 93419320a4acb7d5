import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import { promisify } from 'node:util';
import { packPackages, repositoryPackages } from './pack-packages.ts';
import { readPackedPackage } from './packed-package.ts';
import type { PackedPackage } from './packed-package.ts';

const run = promisify(execFile);

/** An npm registry on 127.0.0.1. */
export interface Registry {
  /** For `npm --registry`; ends in a slash. */
  readonly url: string;
  /** For the environment of a process whose npm is to ask here. */
  readonly env: Readonly<Record<string, string>>;
  /** What was asked of it, method and path below {@link url}. */
  readonly requests: readonly string[];
  /** Serves more packages: folders, which are packed, and tarballs. The last one added is `latest`. */
  add(...packages: readonly string[]): Promise<void>;
  /** What is served of a package: its versions and their tarballs. */
  versions(name: string): readonly PackedPackage[];
  /** Sends these bytes in the place of a tarball from now on, whatever the packument says of it. */
  tamper(name: string, version: string, bytes: Buffer): void;
  close(): Promise<void>;
}

/**
 * Starts a registry that serves packages as npm's does, over HTTP on a free port. Names that it does
 * not know it sends on to the registry that npm is configured with, so that what a package depends on
 * comes from where it always comes from, npm's cache included.
 *
 * @param options - `packages`: folders, which are packed, and tarballs (`.tgz`); absent: every package
 *   of this repository, as it is built.
 */
export async function startRegistry(
  options: { readonly packages?: readonly string[] } = {},
): Promise<Registry> {
  const served = new Map<string, PackedPackage[]>();
  const tampered = new Map<string, Buffer>();
  const requests: string[] = [];
  // npm keeps what it was told under the address: another run at the same port must have another one.
  const prefix = `/${randomUUID()}/`;
  let elsewhere: Promise<string> | undefined;

  const add = async (...packages: readonly string[]): Promise<void> => {
    const folders = packages.filter((one) => !one.endsWith('.tgz'));
    const packed = await packPackages(folders);
    for (const one of packages) {
      const file = packed[folders.indexOf(one)] ?? one;
      const found = await readPackedPackage(file);
      const others = (served.get(found.name) ?? []).filter(
        ({ version }) => version !== found.version,
      );
      served.set(found.name, [...others, found]);
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = decodeURIComponent((request.url ?? '/').split('?', 1)[0] ?? '/');
    const below = asked.startsWith(prefix) ? asked.slice(prefix.length) : asked.slice(1);
    requests.push(`${request.method ?? ''} ${below}`);
    const [name = '', file] = below.split('/-/', 2);
    const versions = served.get(name);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, { error: 'this registry is read only' });
    } else if (below === '-/ping') {
      send(response, 200, {});
    } else if (versions === undefined) {
      elsewhere ??= configuredRegistry();
      const path = name.startsWith('@') && file === undefined ? name.replace('/', '%2f') : below;
      response.writeHead(302, { location: new URL(path, await elsewhere).href }).end();
    } else if (file === undefined) {
      send(response, 200, packument(versions, url));
    } else {
      const found = versions.find((one) => file === fileOf(one));
      if (found === undefined) {
        send(response, 404, { error: `no file ${below}` });
        return;
      }
      const bytes = tampered.get(`${name}@${found.version}`) ?? found.bytes;
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': bytes.length,
      });
      response.end(bytes);
    }
  };

  await add(...(options.packages ?? (await repositoryPackages())));
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      send(response, 500, { error: String(error) });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
  return {
    url,
    env: { npm_config_registry: url, npm_config_prefer_offline: 'true' },
    requests,
    add,
    versions: (name) => served.get(name) ?? [],
    tamper: (name, version, bytes) => void tampered.set(`${name}@${version}`, bytes),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function packument(versions: readonly PackedPackage[], url: string): unknown {
  const name = versions[0]?.name ?? '';
  return {
    _id: name,
    name,
    'dist-tags': { latest: versions.at(-1)?.version },
    versions: Object.fromEntries(
      versions.map((one) => [
        one.version,
        {
          ...one.json,
          _id: `${name}@${one.version}`,
          dist: {
            tarball: `${url}${name}/-/${fileOf(one)}`,
            integrity: one.integrity,
            shasum: one.shasum,
          },
        },
      ]),
    ),
  };
}

/** As npm names them: without the scope. */
function fileOf({ name, version }: PackedPackage): string {
  return `${name.replace(/^@[^/]+\//u, '')}-${version}.tgz`;
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

/** Asked outside the repository, as the person's own settings have it. */
async function configuredRegistry(): Promise<string> {
  const { stdout } = await run('npm', ['config', 'get', 'registry'], {
    cwd: os.tmpdir(),
    shell: process.platform === 'win32',
  });
  const registry = stdout.trim();
  return registry.endsWith('/') ? registry : `${registry}/`;
}
