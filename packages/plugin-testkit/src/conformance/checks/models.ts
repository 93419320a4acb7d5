import { eventually } from '../eventually.ts';
import { hold, shown } from '../check.ts';
import type { Check } from '../check.ts';
import { NO_EXECUTOR } from './answers.ts';

export const models: Check = {
  id: 'models',
  level: 'speaks',
  means: 'The models of an account are listed, each with an id of its own.',
  needs: ['contributions'],
  notApplicable: ({ manifest }) => (manifest.executor ? undefined : NO_EXECUTOR),
  async run(context) {
    const { gateway, watch } = await context.stage();
    await (await gateway.ask('/v1/models')).arrayBuffer();
    const settled = (): boolean => watch.lists.some(({ settledAtMs }) => settledAtMs !== undefined);
    const listed = await eventually(settled, 10_000);
    const [list] = watch.lists;
    hold(listed && list?.thrown === undefined, () => ({
      expected: 'executor.models() to give a list',
      seen: listed ? `it threw ${String(list?.thrown)}` : 'nothing within 10 s',
      remedy: "ask the upstream's model list, or return the models that are configured",
    }));
    const ids: readonly unknown[] = Array.isArray(list?.models)
      ? list.models.map((model) => (model as { readonly id?: unknown } | null)?.id)
      : [undefined];
    const sound = ids.every((id) => typeof id === 'string' && id !== '');
    hold(sound && new Set(ids).size === ids.length, {
      expected: 'a list of models, each with an `id` that no other has',
      seen: shown(list?.models),
      remedy: 'leave entries out that are no models, or that stand there twice',
    });
  },
};
