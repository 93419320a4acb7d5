import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import { DOCUMENTED } from '../documented-errors.ts';
import type { DocumentedError } from '../conformance.ts';
import { noFault } from '../no-upstream.ts';
import type { Stage } from '../stage.ts';
import { NO_EXECUTOR } from './answers.ts';

export const errors: Check = {
  id: 'errors',
  level: 'speaks',
  means: 'Every error that the upstream documents is known for what it is.',
  needs: ['answers'],
  notApplicable: (subject) => (subject.manifest.executor ? noFault(subject) : NO_EXECUTOR),
  async run(context) {
    for (const dialect of await context.dialects()) {
      const stage = await context.stage({ dialect });
      for (const error of context.subject.told.errors ?? DOCUMENTED[dialect]) {
        for (const stream of [false, true]) await isKnown(stage, error, stream);
      }
    }
  },
};

async function isKnown(
  stage: Stage,
  { kind, ...error }: DocumentedError,
  stream: boolean,
): Promise<void> {
  const { dialect, gateway } = stage;
  await stage.forgive();
  const retryAfter = kind === 'rate-limit' ? { retryAfter: 7 } : {};
  stage.upstream?.fault({ kind: 'status', ...error, ...retryAfter });
  const before = gateway.events.length;
  const heard = await stage.ask({ stream });
  const [attempt] = gateway.events
    .slice(before)
    .flatMap((event) => (event.type === 'request-finished' ? event.attempts : []));
  const code = error.code === undefined ? '' : ` (${error.code})`;
  hold(attempt?.failure === kind, {
    expected: `the upstream's ${error.status}${code} to be a failure of kind \`${kind}\` (${dialect})`,
    seen:
      attempt === undefined
        ? `no attempt; the client got ${heard.status}`
        : `\`${attempt.failure ?? attempt.outcome}\` ${attempt.code ?? ''}: ${attempt.reason ?? ''}`,
    remedy:
      'a wire executor gives replies of any status back as they came, with `failure` where the dialect ' +
      'does not tell; an executor of events throws a GatewayError with a `failure`',
  });
}
