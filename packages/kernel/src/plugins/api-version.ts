const FORM = /^(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

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
