import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

/** A tarball and what a registry tells about it. */
export interface PackedPackage {
  readonly name: string;
  readonly version: string;
  /** Its package.json. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  /** `sha512-…`, as npm writes it. */
  readonly integrity: string;
  /** SHA-1, in hexadecimal. */
  readonly shasum: string;
}

/** @throws Error when the file is no tarball with a package.json in it. */
export async function readPackedPackage(file: string): Promise<PackedPackage> {
  const bytes = await readFile(file);
  const json = JSON.parse(packageJsonIn(gunzipSync(bytes), file)) as Record<string, unknown>;
  return {
    name: String(json.name),
    version: String(json.version),
    json,
    bytes,
    integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    shasum: createHash('sha1').update(bytes).digest('hex'),
  };
}

const BLOCK = 512;

/** A tar is blocks: a header with name and size in octal, then the content, filled up with zeros. */
function packageJsonIn(tar: Buffer, file: string): string {
  for (let at = 0; at + BLOCK <= tar.length;) {
    const name = textAt(tar, at, 100);
    const size = Number.parseInt(textAt(tar, at + 124, 12), 8) || 0;
    const content = at + BLOCK;
    if (/^[^/]+\/package\.json$/u.test(name)) return tar.toString('utf8', content, content + size);
    at = content + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error(`${file} has no package.json`);
}

function textAt(tar: Buffer, at: number, length: number): string {
  return tar.toString('utf8', at, at + length).replace(/\0.*$/su, '');
}
