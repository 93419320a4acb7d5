/** What npm's lock file says of one package. */
export interface NpmLockEntry {
  readonly version?: string;
  /** Where it came from. */
  readonly resolved?: string;
  /** Several are possible, with a space between two. */
  readonly integrity?: string;
  /** True: it is a link to a folder. */
  readonly link?: boolean;
  /** True: it came within the tarball of another one. */
  readonly inBundle?: boolean;
}

/** By their folders, such as `node_modules/a/node_modules/b`; `''` is the folder that all is installed in. */
export type NpmLockPackages = Readonly<Record<string, NpmLockEntry>>;

/**
 * Finds a package that has come from elsewhere than a registry or the file that was given: what comes from git,
 * or is linked to a folder, has no digest that could be compared, and npm may run its scripts to pack it.
 *
 * @param given - `resolved` of the package that was asked for, where it came from a file.
 * @returns a sentence that names it; `undefined`: there is none.
 */
export function foreignSource(packages: NpmLockPackages, given?: string): string | undefined {
  for (const [place, { resolved, integrity, link, inBundle }] of Object.entries(packages)) {
    if (place === '' || (given !== undefined && resolved === given)) continue;
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const from = resolved === undefined ? '' : ` (${withoutSecrets(resolved)})`;
    if (link === true) return `${name} is a link to a folder${from}, not a package of a registry`;
    // Its files are part of another package's tarball, which has a digest.
    if (inBundle === true && resolved === undefined) continue;
    if (resolved === undefined || !/^https?:\/\//u.test(resolved)) {
      return `${name} comes from ${kindOf(resolved)}${from}, not from a registry`;
    }
    if (integrity === undefined) return `${name}${from} has no digest to compare it with`;
  }
  return undefined;
}

function kindOf(resolved: string | undefined): string {
  if (resolved === undefined) return 'a place that npm does not name';
  return resolved.startsWith('git') ? 'git' : 'a file or folder';
}

/** An address without a password that it may have in it. */
export function withoutSecrets(address: string): string {
  return address.replace(/\/\/[^/@]*@/u, '//').replace(/[?#].*$/u, '');
}
