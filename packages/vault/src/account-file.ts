import { createHash } from 'node:crypto';

const SUFFIX = '.account';
const ID = /^[\w.-]{1,64}\/[\w.-]{1,64}$/;
const DIGEST_CHARS = 8;

/**
 * The name of an account's file. Readable, and another one for each id also where a disk takes `A`
 * for `a`: there, an id with capitals carries a digest.
 *
 * @throws TypeError for what is no id of an account.
 */
export function fileNameOf(id: string): string {
  if (!ID.test(id)) {
    throw new TypeError(
      `${JSON.stringify(id)} is no account id: it must be <instance>/<key>, each of 1 to 64 letters, digits, ".", "_" or "-"`,
    );
  }
  const small = id.toLowerCase();
  const digest = small === id ? '' : `~${createHash('sha256').update(id).digest('hex')}`;
  return `${small.replace('/', '@')}${digest.slice(0, DIGEST_CHARS + 1)}${SUFFIX}`;
}

export function isAccountFile(name: string): boolean {
  return name.endsWith(SUFFIX);
}

/** The name that a file which was set aside had; undefined for any other name. */
export function setAsideFrom(name: string): string | undefined {
  return /^(.+\.account)\.(?:corrupt|sealed)-[\w.-]+$/.exec(name)?.[1];
}

/** What to call an account whose file can't be opened. */
export function labelOfFile(name: string): string {
  return name
    .slice(0, -SUFFIX.length)
    .replace('@', '/')
    .replace(/~[0-9a-f]+$/, '');
}
