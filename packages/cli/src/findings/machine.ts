import { stat } from 'node:fs/promises';
import net from 'node:net';
import type { ServerSettings } from '@cliproxy/config';
import { shellQuote } from '../shell-quote.ts';
import type { Finding } from './finding.ts';

/** Whether this version of Node still gets security updates. */
export function nodeVersion(version: string): Finding {
  const check = 'node';
  if (Number(version.split('.')[0]) >= 22) return { check, result: 'ok', detail: version };
  const detail = `${version} gets no security updates any more: use Node 22 or 24`;
  return { check, result: 'warning', detail };
}

/** Whether others can read the configuration file. */
export async function fileMode(file: string): Promise<Finding> {
  const check = 'file mode';
  const mode = (await stat(file)).mode & 0o777;
  if (process.platform === 'win32' || (mode & 0o077) === 0) {
    return { check, result: 'ok', detail: 'only its owner can read the configuration' };
  }
  const detail = `others can read or change ${file} (mode ${mode.toString(8)}), and keys may stand in it: chmod 600 ${shellQuote(file)}`;
  return { check, result: 'warning', detail };
}

/** Whether clients and operators need keys. */
export function clientKeys({ apiKeys, adminKeys }: ServerSettings): Finding {
  const check = 'client keys';
  if (apiKeys.length === 0) {
    const detail = 'server.apiKeys is empty: every program on this machine can use the gateway';
    return { check, result: 'warning', detail };
  }
  if (adminKeys.length === 0) {
    const detail = 'server.adminKeys is empty: explain and other operator routes are refused';
    return { check, result: 'warning', detail };
  }
  const detail = `${apiKeys.length} for clients, ${adminKeys.length} for operators`;
  return { check, result: 'ok', detail };
}

/** Whether a gateway could open its port. */
export async function portFree({ host, port }: ServerSettings): Promise<Finding> {
  const check = 'port';
  const fault = await new Promise<string | undefined>((resolve) => {
    const probe = net.createServer();
    probe.once('error', (error) => resolve(error.message));
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
  if (fault === undefined) return { check, result: 'ok', detail: `${host}:${port} is free` };
  const detail = `${fault}: stop what uses it, or change server.port or server.host`;
  return { check, result: 'failed', detail };
}
