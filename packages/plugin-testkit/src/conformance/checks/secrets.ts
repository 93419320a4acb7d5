import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import { canary } from '../stage.ts';
import { leakOf } from '../leaks.ts';
import { silenced } from '../console-output.ts';
import { withCanaries } from '../secret-settings.ts';

export const secrets: Check = {
  id: 'secrets',
  level: 'speaks',
  means: 'No secret of the configuration or of an account is in any log, error or answer.',
  needs: ['contributions'],
  async run(context) {
    const { subject } = context;
    const [unmarked] = withCanaries(subject.schema, {}, canary).unmarked;
    hold(unmarked === undefined, {
      expected: 'settings that hold secrets to be marked',
      seen: `"${unmarked}" sounds like one, and isn't`,
      remedy: 'add `writeOnly: true` to it: the gateway then masks it wherever it stands',
    });
    const planted: string[] = [];
    const output = silenced();
    try {
      const stage = await context.stage({
        config: (usual) => {
          const { config, canaries } = withCanaries(subject.schema, usual, canary);
          planted.push(...canaries);
          return config;
        },
      });
      const { gateway, watch, upstream } = stage;
      const told: unknown[] = [];
      const work = async (): Promise<void> => {
        await (await gateway.ask('/v1/models')).arrayBuffer();
        told.push(await (await gateway.ask('/v1/health/deep', { admin: true })).text());
        if (!subject.manifest.executor) return;
        for (const stream of [false, true]) told.push((await stage.ask({ stream })).body);
      };
      await work();
      for (const status of [401, 429, 500]) {
        upstream?.fault({ kind: 'status', status, on: 'everything' });
        await work();
      }
      upstream?.fault({ kind: 'garbage', on: 'everything' });
      await work();
      upstream?.fault({ kind: 'cut', afterBytes: 40, on: 'everything' });
      await work();
      await gateway.stop();
      const thrown = [...watch.calls, ...watch.lists, ...watch.probes].map((one) => one.thrown);
      const accounts = watch.contributions.flatMap((made) => made.accounts ?? []);
      const inAccounts = accounts.flatMap(({ credential }) =>
        Object.values({ ...credential?.secrets, ...credential?.session }).map((one) =>
          one.reveal(),
        ),
      );
      const places = [
        ['what the plugin gave its logger', watch.logged],
        ['what it wrote to the console', output.lines],
        ['an error that it threw', thrown],
        [
          "an account's key, label or facts",
          accounts.map(({ credential, ...open }) => [open, credential?.facts]),
        ],
        ['what clients and operators were told', told],
        ["the gateway's log", [gateway.log()]],
      ] as const;
      for (const [place, values] of places) {
        const leak = leakOf(values, [...planted, ...inAccounts, ...stage.credentials]);
        hold(leak === undefined, {
          expected: 'no secret, whole, in part or encoded',
          seen: `${leak?.form} in ${place}: ${leak?.around}`,
          remedy:
            'log what happened, not what with; keep keys as `Secret`s and `reveal()` them in `authorize` alone',
        });
      }
    } finally {
      output.restore();
    }
  },
};
