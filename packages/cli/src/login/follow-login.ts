import type { CommandError } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { authPath } from './login-status.ts';
import type { LoginStatus } from './login-status.ts';
import { openLoginTalk } from './login-talk.ts';
import type { TalkOptions } from './login-talk.ts';

/** How long the gateway is asked to wait for news, in seconds. */
const WAIT_S = 20;

/**
 * Shows a login until it has ended. Ctrl+C ends it at the gateway, too; a second one ends at once.
 *
 * @param begun - as it was begun.
 * @throws CommandError when the gateway is gone, or it does not take what a file was to paste.
 */
export async function followLogin(
  client: GatewayClient,
  begun: LoginStatus,
  options: Pick<TalkOptions, 'quiet' | 'browser' | 'asksPaste'>,
): Promise<LoginStatus> {
  const base = authPath(begun.instance);
  const { id } = begun.login;
  let interrupted = false;
  const cancel = (): void => {
    if (interrupted) process.exit(EXIT.failed);
    interrupted = true;
    // Where it fails, the wait for news fails, too, and says why.
    void client.change('DELETE', `${base}/login?login=${id}`).catch(() => undefined);
  };
  const talk = openLoginTalk({
    ...options,
    onInterrupt: cancel,
    onPaste: (paste) => {
      client.change('POST', `${base}/login`, { login: id, paste }).catch((error: unknown) => {
        // How the login itself ended is told by the wait for news.
        const { code, message } = error as CommandError;
        if (code === 'AUTH_BAD_PASTE') talk.refused(message);
      });
    },
  });
  for (const signal of SIGNALS) process.on(signal, cancel);
  try {
    let status = begun;
    talk.show(status.login);
    while (status.login.endedAtMs === undefined) {
      const { version } = status.login;
      status = (await client.get(
        `${base}/status?login=${id}&wait=${WAIT_S}&seen=${version}`,
      )) as LoginStatus;
      talk.show(status.login);
    }
    return status;
  } finally {
    talk.close();
    for (const signal of SIGNALS) process.off(signal, cancel);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
