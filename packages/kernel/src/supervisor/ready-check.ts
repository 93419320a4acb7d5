import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from '@cliproxy/plugin-api';

/** Between two questions, in milliseconds. */
const PAUSE_MS = 200;
/** Longest wait for one answer. */
const ANSWER_MS = 2_000;
/** Between two questions to a child that is ready. */
const ALIVE_PAUSE_MS = 5_000;

/** Resolves once the address answers 2xx. @throws the signal's reason */
export async function answersWell(
  http: HttpClient,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const status = await ask(http, url, ANSWER_MS, signal);
    if (status !== undefined && status >= 200 && status < 300) return;
    await sleep(PAUSE_MS, undefined, { signal });
  }
}

/** Resolves when the address has given no answer at all for so long. @throws the signal's reason */
export async function fallsSilent(
  http: HttpClient,
  url: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  let answeredMs = performance.now();
  for (;;) {
    const status = await ask(http, url, Math.min(limitMs, 60_000), signal);
    if (status !== undefined) answeredMs = performance.now();
    else if (performance.now() - answeredMs >= limitMs) return;
    await sleep(
      status === undefined ? PAUSE_MS : Math.min(ALIVE_PAUSE_MS, limitMs / 2),
      undefined,
      {
        signal,
      },
    );
  }
}

/** The status of an answer; undefined: none came. */
async function ask(
  http: HttpClient,
  url: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  signal.throwIfAborted();
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const { status, body } = await http.request({ method: 'GET', url, headers: {} }, limit);
    body.on('error', () => undefined).destroy();
    return status;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
