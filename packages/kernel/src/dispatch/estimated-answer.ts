import type { EstimatedAnswer } from '../ports/dialects.ts';
import type { Plan } from '../routing/plan.ts';
import { CommitGate } from './commit-gate.ts';
import type { Flight } from './flight.ts';
import type { NoAnswerCase } from './no-answer.ts';

/**
 * Whether no target of the model offers what is asked for, by its own word or by its upstream's.
 * One that does, and can't now, is waited for: its answer is the true one.
 */
export function noneCan({ candidates }: Plan, failures: NoAnswerCase['failures']): boolean {
  const lacking = new Set<string>();
  for (const { instanceId, failure } of failures) {
    if (failure.kind !== 'not-found') return false;
    lacking.add(instanceId);
  }
  return (
    candidates.length > 0 &&
    candidates.every(
      ({ reason, instanceId }) => reason === 'operation-not-offered' || lacking.has(instanceId),
    )
  );
}

/** Gives the client the gateway's own answer. @throws GatewayError `KERNEL_INTERNAL` */
export function giveEstimate({ call, record }: Flight, answer: EstimatedAnswer): void {
  const { contentType, body, estimated } = answer;
  const headers = { 'x-cliproxy-estimated': estimated };
  const gate = new CommitGate(
    call.sink,
    { status: 200, contentType, headers },
    false,
    Number.POSITIVE_INFINITY,
    () => {
      record.noteEstimate(estimated);
    },
  );
  gate.finish([body]);
}
