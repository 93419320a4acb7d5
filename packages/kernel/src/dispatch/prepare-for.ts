import { isGatewayError } from '@cliproxy/plugin-api';
import type { Candidate } from '../routing/plan.ts';
import type { Course } from './course.ts';
import type { IngressCall } from './ingress-call.ts';
import { isUnsupported, prepareCall } from './prepared-call.ts';
import type { PreparedCall } from './prepared-call.ts';

/** What is sent to a target; undefined, with the reason in the course: it can't do what is asked. */
export function prepareFor(
  candidate: Candidate,
  course: Course,
  call: IngressCall,
): PreparedCall | undefined {
  try {
    const prepared = prepareCall(call, candidate, course.settings);
    if (candidate.instance?.executor === undefined) course.ended = true;
    return prepared;
  } catch (thrown) {
    if (!isUnsupported(thrown)) throw thrown;
    course.unsupported ??= thrown;
    return undefined;
  }
}

/**
 * What is sent to a target that refuses the reasoning of former turns; undefined where there is nothing to
 * leave out, or the target can't do the rest.
 */
export function prepareWithoutReasoning(
  candidate: Candidate,
  course: Course,
  call: IngressCall,
): PreparedCall | undefined {
  try {
    const request = call.request.withoutReasoning();
    return request && prepareCall({ ...call, request }, candidate, course.settings);
  } catch (thrown) {
    if (!isGatewayError(thrown)) throw thrown;
    return undefined;
  }
}
