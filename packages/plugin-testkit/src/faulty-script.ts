import { GARBAGE } from './fault.ts';
import type { Fault } from './fault.ts';
import type { AnswerStep, ScriptedAnswer } from './scripted-answer.ts';

/** The answer as it is under a fault. */
export function faultyScript(answer: ScriptedAnswer, fault: Fault): ScriptedAnswer {
  const steps = stepsOf(answer);
  switch (fault.kind) {
    case 'latency':
      return { ...answer, headAfterMs: fault.ms };
    case 'status':
      return refused(fault);
    case 'garbage':
      return { ...answer, body: GARBAGE };
    case 'unfinished':
      return { ...answer, body: steps.slice(0, -1) };
    case 'endless': {
      const piece = steps.findLast((step, at) => isBytes(step) && at < steps.length - 1);
      const endless = isBytes(piece) ? piece : isBytes(steps[0]) ? steps[0] : GARBAGE;
      return { ...answer, body: [...steps.slice(0, -1), { endless }] };
    }
    case 'cut':
      return { ...answer, body: upTo(fault.afterBytes, steps), finally: 'cut' };
  }
}

function refused(fault: Extract<Fault, { kind: 'status' }>): ScriptedAnswer {
  const { status, code, message = `status ${status}`, retryAfter } = fault;
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
    body: JSON.stringify({ error: { message, ...(code !== undefined && { code }) } }),
  };
}

function upTo(bytes: number, steps: readonly AnswerStep[]): readonly AnswerStep[] {
  const kept: AnswerStep[] = [];
  let left = bytes;
  for (const step of steps) {
    const piece = isBytes(step)
      ? Buffer.from(step)
      : 'endless' in step
        ? Buffer.from(step.endless)
        : undefined;
    if (piece === undefined) {
      kept.push(step);
      continue;
    }
    // An endless piece goes on for as long as there is room.
    do {
      kept.push(piece.subarray(0, left));
      left -= piece.length;
    } while (left > 0 && !isBytes(step));
    if (left <= 0) break;
  }
  return kept;
}

function isBytes(step: AnswerStep | undefined): step is string | Buffer {
  return typeof step === 'string' || Buffer.isBuffer(step);
}

function stepsOf({ body }: ScriptedAnswer): readonly AnswerStep[] {
  if (body === undefined) return [];
  return Array.isArray(body) ? (body as readonly AnswerStep[]) : [body as AnswerStep];
}
