import type { AccountContext } from '@cliproxy/plugin-api';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import type { AccountHandle } from './account-handle.ts';

/** Work that a plugin does for one of its accounts besides requests: listing models, probing. */
export interface AccountWork<T> {
  readonly instance: PluginInstance;
  readonly handle: AccountHandle;
  /** Milliseconds. */
  readonly limitMs: number;
  /** Ends the work early. */
  readonly signal: AbortSignal;
  run(context: AccountContext): T | Promise<T>;
}

/**
 * Runs it under its limit. Settles in time even where the plugin obeys no signal; the timer does
 * not keep the process alive. Rejects with what the plugin threw.
 */
export async function runForAccount<T>(work: AccountWork<T>): Promise<T> {
  const { instance, handle, limitMs, signal } = work;
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const end = (reason: Error): void => {
      controller.abort(reason);
      reject(reason);
    };
    const timer = setTimeout(() => end(new Error(`no result within ${limitMs} ms`)), limitMs);
    timer.unref();
    const onStop = (): void => end(new Error('stopped'));
    signal.addEventListener('abort', onStop, { once: true });
    if (signal.aborted) onStop();
    const settle = async (): Promise<void> => {
      try {
        resolve(await work.run(contextOf(instance, handle, controller.signal)));
      } catch (error) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it is
        reject(error);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', onStop);
      }
    };
    void settle();
  });
}

/** What a thrown value says, short enough to show. */
export function sentenceOf(thrown: unknown): string {
  const text = typeof thrown === 'object' && thrown !== null && 'message' in thrown;
  return String(text ? thrown.message : thrown).slice(0, 300);
}

function contextOf(
  instance: PluginInstance,
  handle: AccountHandle,
  signal: AbortSignal,
): AccountContext {
  return {
    account: handle.account,
    signal,
    logger: instance.logger,
    http: handle.http,
    authorize: (request) => handle.authorize(request, signal),
  };
}
