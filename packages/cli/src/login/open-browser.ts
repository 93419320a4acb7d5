import { spawn } from 'node:child_process';

/** What a browser needs of the environment; the rest holds keys, or may. */
const PASSED_ON =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TMPDIR|TEMP|TMP|BROWSER|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_\w+|DBUS_\w+|DESKTOP_SESSION|SystemRoot|windir|APPDATA|LOCALAPPDATA|USERPROFILE|ProgramFiles.*)$/i;

/**
 * Shows a page in the person's browser.
 *
 * @returns false where there is none, for example without a display.
 */
export function openBrowser(url: string): boolean {
  const [program, ...args] = browserCommand(process.platform, process.env);
  if (program === undefined) return false;
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => PASSED_ON.test(name)),
  );
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true, env });
  // Not there after all: the address has been printed, too.
  child.on('error', () => undefined);
  child.unref();
  return true;
}

function browserCommand(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly string[] {
  switch (platform) {
    case 'win32':
      // What `start` comes to, without a shell that would take the address apart.
      return ['rundll32', 'url.dll,FileProtocolHandler'];
    case 'darwin':
      return env.SSH_CONNECTION === undefined ? ['open'] : [];
    default:
      return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : [];
  }
}
