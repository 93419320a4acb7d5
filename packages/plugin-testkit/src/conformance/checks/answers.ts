import { hold, shown } from '../check.ts';
import type { Check } from '../check.ts';
import type { CheckContext } from '../check-context.ts';
import type { Stage } from '../stage.ts';
import type { Subject } from '../subject.ts';

export const answers: Check = {
  id: 'answers',
  level: 'speaks',
  means:
    'A question is answered, with and without a stream, and the upstream has nothing to object to.',
  needs: ['contributions'],
  notApplicable: noAnswers,
  async run(context) {
    for (const dialect of await context.dialects()) {
      const stage = await context.stage({ dialect });
      for (const stream of [false, true]) await answersWell(context, stage, stream);
    }
  },
};

/** Why checks of answers say nothing of some plugins. */
export const NO_EXECUTOR = 'the plugin has no executor: it answers nothing';

/** The same, for checks of answers that others may give: those that the plugin hooks. */
export function noAnswers({ manifest, hooksOnly }: Subject): string | undefined {
  return manifest.executor || hooksOnly ? undefined : NO_EXECUTOR;
}

async function answersWell(
  { subject }: CheckContext,
  stage: Stage,
  stream: boolean,
): Promise<void> {
  const way = `${stage.dialect}, ${stream ? 'streamed' : 'without a stream'}`;
  const heard = await stage.ask({ stream });
  const asked = stage.upstream === undefined || stage.upstream.requests.length > 0;
  hold(asked, {
    expected: `the upstream to be asked (${way})`,
    seen: `nobody came to ${stage.upstream?.url}; the client got ${heard.status}: ${shown(heard.body)}`,
    remedy: subject.hasUpstream
      ? 'send requests to the address of the configuration'
      : 'make the address a setting, and name it in permissions.hosts as "config:/baseUrl"',
  });
  hold(heard.status === 200 && heard.text !== '' && !heard.failed, {
    expected: `status 200 with a text (${way})`,
    seen: `status ${heard.status}: ${shown(heard.body)}`,
    remedy: "read the error; its code is explained in the gateway's docs/TROUBLESHOOTING.md",
  });
  const [violation] = stage.upstream?.violations ?? [];
  hold(violation === undefined, {
    expected: `requests that the upstream takes (${way})`,
    seen: shown(violation),
    remedy: 'send what the vendor documents: pass `call.headers`, `call.path` and `call.body` on',
  });
  const [fault] = stage.gateway.events.flatMap((event) =>
    event.type === 'plugin-faulted' && event.instanceId === 'checked' ? [event.message] : [],
  );
  hold(fault === undefined, () => ({
    expected: `no fault of the plugin (${way})`,
    seen: shown(fault),
    remedy:
      'read the fault; a hook returns what the contract says, in time, and throws refusals alone',
  }));
}
