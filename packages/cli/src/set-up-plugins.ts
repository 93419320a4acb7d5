import { Writable } from 'node:stream';
import type { Gateway, GatewayApplyResult } from '@cliproxy/gateway';
import type { CommandConfig } from './config-file.ts';

/** What setting the plugins up came to. */
type SetUpResult = Omit<GatewayApplyResult, 'needsRestart'>;

/**
 * Sets every enabled plugin up for the time of one command, and ends them again. Opens no port by
 * itself. The log is dropped: the result says what is wrong.
 */
export async function withPlugins<T>(
  config: CommandConfig,
  work: (gateway: Gateway, result: SetUpResult) => Promise<T>,
): Promise<T> {
  const gateway = await quietGateway(config);
  try {
    return await work(gateway, await gateway.prepare());
  } finally {
    await gateway.kill();
  }
}

/** A gateway that says nothing. */
export async function quietGateway({ settings, checker }: CommandConfig): Promise<Gateway> {
  // Here, so that a command that finds a running gateway does without.
  const { createGateway } = await import('@cliproxy/gateway');
  return createGateway(
    { ...settings, log: { level: 'error', format: 'json' } },
    { checker, logStream: new Writable({ write: (_chunk, _encoding, done) => done() }) },
  );
}
