const FORM = /^(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/**
 * Whether the copy of the contract's package that a plugin was installed with fits the gateway: its major
 * must be the same. Its minor tells nothing of the plugin: npm may bring 1.3 for one that is made for 1.0.
 *
 * @param stamped - what `definePlugin` of that copy wrote, `major.minor`.
 * @param offered - the gateway's.
 * @returns what is wrong and what to install; `undefined` when it works.
 */
export function copyProblem(stamped: string, offered: string): string | undefined {
  const [major, gateway] = [FORM.exec(stamped)?.[1], FORM.exec(offered)?.[1]];
  if (major !== undefined && major === gateway) return undefined;
  return (
    `it was installed with @cliproxy/plugin-api ${stamped}, this gateway offers ${offered}; install ` +
    `the plugin again with @cliproxy/plugin-api ${gateway ?? offered}.x`
  );
}

/**
 * Whether a plugin that uses what is marked `@experimental` works with a gateway: such parts may change
 * with any minor, so both numbers must be equal.
 *
 * @returns as {@link versionProblem}.
 */
export function experimentalProblem(wanted: string, offered: string): string | undefined {
  const wrong = versionProblem(wanted, offered);
  if (wrong !== undefined || wanted === offered) return wrong;
  return (
    `it is experimental and made for plugin API ${wanted}, this gateway offers ${offered}, and ` +
    'experimental parts may change with any minor; install a version of the plugin made for exactly ' +
    `${offered}, or cliproxy with plugin API ${wanted}`
  );
}

/**
 * Whether a plugin made for one version of the contract works with a gateway of another: while the
 * major is 0 both numbers must be equal, from 1.0 on the major must be and the plugin's minor may
 * not be later.
 *
 * @param wanted - the plugin's, `major.minor`.
 * @param offered - the gateway's.
 * @returns what is wrong and what to install; `undefined` when it works.
 */
export function versionProblem(wanted: string, offered: string): string | undefined {
  const plugin = FORM.exec(wanted);
  const gateway = FORM.exec(offered);
  if (plugin === null || gateway === null) {
    return `its API version ${JSON.stringify(wanted)} is not "major.minor"`;
  }
  const [wantedMajor, wantedMinor] = [Number(plugin[1]), Number(plugin[2])];
  const [major, minor] = [Number(gateway[1]), Number(gateway[2])];
  const tooOld = wantedMajor < major || (major === 0 && wantedMajor === 0 && wantedMinor < minor);
  const tooNew = wantedMajor > major || (wantedMajor === major && wantedMinor > minor);
  if (!tooOld && !tooNew) return undefined;
  const made = `it is made for plugin API ${wanted}, this gateway offers ${offered}; install `;
  return tooOld
    ? `${made}a later version of the plugin, made for @cliproxy/plugin-api ${offered}`
    : `${made}a later version of cliproxy, or a version of the plugin made for plugin API ${offered}`;
}
