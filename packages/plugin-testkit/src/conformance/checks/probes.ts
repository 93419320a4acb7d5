import { eventually } from '../eventually.ts';
import { hold, shown } from '../check.ts';
import type { Check } from '../check.ts';

const MAX_TIMEOUT_MS = 60_000;

export const probes: Check = {
  id: 'probes',
  level: 'survives',
  means: 'A health probe says `up` of a healthy upstream, and gives up in time where none answers.',
  needs: ['contributions'],
  notApplicable: ({ manifest }) =>
    manifest.probes.length > 0 ? undefined : 'the plugin has no health probes',
  async run(context) {
    const stage = await context.stage();
    for (const probe of stage.watch.contributions[0]?.probes ?? []) {
      const { id, timeoutMs, intervalMs } = probe;
      hold(timeoutMs <= MAX_TIMEOUT_MS && timeoutMs <= intervalMs, {
        expected: `timeoutMs of the probe "${id}" to be at most ${MAX_TIMEOUT_MS} and at most intervalMs`,
        seen: `timeoutMs ${timeoutMs}, intervalMs ${intervalMs}`,
        remedy: 'shorten timeoutMs: a health page waits for it',
      });
    }
    const health = await (await stage.gateway.ask('/v1/health/deep', { admin: true })).text();
    const isUp = /"probe":"[^"]*","status":"up"/u.test(health);
    hold(isUp, {
      expected: '`up` from a healthy upstream',
      seen: shown(/"probe":.*?\}/u.exec(health)?.[0] ?? 'no report'),
      remedy: 'return `{ status: "up" }` where the upstream answers as it should',
    });
    await stage.close();
    if (stage.upstream === undefined || stage.upstream.cannot?.includes('latency') === true) return;
    const silent = await context.stage({ probeTimeoutMs: 500 });
    silent.upstream?.fault({ kind: 'latency', ms: Number.POSITIVE_INFINITY, on: 'everything' });
    await (await silent.gateway.ask('/v1/health/deep', { admin: true })).arrayBuffer();
    const late = (): readonly string[] =>
      silent.watch.probes
        .filter(
          ({ abortedAtMs = Infinity, settledAtMs = Infinity }) =>
            abortedAtMs < Infinity && settledAtMs === Infinity,
        )
        .map(({ id }) => id);
    const ended = await eventually(() => late().length === 0, 2000);
    hold(ended, {
      expected: 'a probe to end when its signal is aborted',
      seen: `"${late()[0]}" went on`,
      remedy: 'pass `context.signal` to `context.http.request` and to whatever else it waits for',
    });
  },
};
