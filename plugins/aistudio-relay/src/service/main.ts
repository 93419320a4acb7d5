import type { FromService, ToService } from '../browser/messages.ts';
import { BrowserHost } from './browser-host.ts';

/**
 * The service's process: browsers with the configured pages, started by the gateway and told what to
 * do over its channel. It keeps profiles in the folder that it was started in, and ends with the
 * gateway, whatever became of that.
 */
const send = (message: FromService): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};
const host = new BrowserHost(process.cwd(), send);

let ending = false;
const end = (code: number): void => {
  if (ending) return;
  ending = true;
  void host.close().finally(() => process.exit(code));
};
process.on('message', (message: ToService) => host.take(message));
process.on('disconnect', () => end(0));
process.on('SIGTERM', () => end(0));
process.on('SIGINT', () => end(0));
for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(name, (error: unknown) => {
    console.error(error);
    end(1);
  });
}
if (process.connected) send({ type: 'ready' });
else {
  console.error('this process is started by the gateway, with a channel');
  process.exitCode = 2;
}
