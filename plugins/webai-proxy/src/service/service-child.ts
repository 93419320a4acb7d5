import { secret } from '@cliproxy/plugin-api';
import type { ChildSpec } from '@cliproxy/plugin-api';
import type { Service, ServiceStart } from '../config.ts';

/** A service that says nothing at all for so long has hung. */
const ALIVE_TIMEOUT_MS = 120_000;

/** The operator's service as a process that the gateway looks after. */
export function serviceChild({ root }: Service, start: ServiceStart): ChildSpec {
  const { command, cwd, set, readyPath, readyTimeoutMs, memoryLimitMb } = start;
  const [program = '', ...parameters] = command;
  const values = Object.entries(set).map(([name, value]) => [name, secret(value)] as const);
  return {
    name: 'service',
    command: [program, ...parameters],
    // `null` in the file means none.
    ...(typeof cwd === 'string' && { cwd }),
    set: Object.fromEntries(values),
    readyTimeoutMs,
    ...(readyPath !== '' && { readyUrl: root + readyPath, aliveTimeoutMs: ALIVE_TIMEOUT_MS }),
    ...(typeof memoryLimitMb === 'number' && { memoryLimitMb }),
  };
}
