import type { Fault } from '../fault.ts';
import type { VendorAnswer } from './vendor-answer.ts';

/** The answer that a vendor gives under a fault, as far as the answer itself is another one. */
export function faulty(answer: VendorAnswer, fault: Fault | undefined): VendorAnswer {
  if (fault === undefined) return answer;
  if (fault.kind === 'status') return { error: fault };
  if (!('parts' in answer)) return answer;
  const stream = answer.stream ?? {};
  switch (fault.kind) {
    case 'cut':
      return { ...answer, stream: { ...stream, cutAfterBytes: fault.afterBytes } };
    case 'unfinished':
      return { ...answer, stream: { ...stream, cutBeforeFinish: true } };
    case 'endless':
      return { ...answer, stream: { ...stream, endless: true } };
    case 'latency':
    case 'garbage':
      return answer;
  }
}
