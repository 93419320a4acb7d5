import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from './config-error.ts';
import { firstConfigText } from './first-config-text.ts';

/** The configuration that was written, and the keys in it. */
export interface FirstConfig {
  /** Path of `config.yaml`. */
  readonly file: string;
  /** For clients. */
  readonly apiKey: string;
  /** For the operator. */
  readonly adminKey: string;
}

/** 192 bits. */
const KEY_BYTES = 24;

/**
 * Writes `config.yaml` with random keys and the `echo` plugin, readable by its owner alone; makes
 * the folder. Never overwrites.
 *
 * @param random - gives so many random bytes, for example `crypto.randomBytes`.
 * @throws ConfigError `CONFIG_INVALID` when the file exists or can't be written.
 */
export async function writeFirstConfig(
  dir: string,
  { random }: { readonly random: (byteCount: number) => Uint8Array },
): Promise<FirstConfig> {
  const file = path.join(dir, 'config.yaml');
  const key = (prefix: string): string =>
    prefix + Buffer.from(random(KEY_BYTES)).toString('base64url');
  const apiKey = key('cpx-');
  const adminKey = key('cpx-admin-');
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(firstConfigText(apiKey, adminKey));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new ConfigError({ file, locate: () => undefined }, [notWritten(error)]);
  }
  return { file, apiKey, adminKey };
}

function notWritten(error: unknown): { code: string; message: string; cause: unknown } {
  const { code } = error as { code?: string };
  const message =
    code === 'EEXIST'
      ? 'The file exists already and is left as it is; move it away to have a new one written.'
      : `The file cannot be written (${code ?? 'unknown reason'}); check the folder, or pass --config FILE.`;
  return { code: 'CONFIG_INVALID', message, cause: error };
}
