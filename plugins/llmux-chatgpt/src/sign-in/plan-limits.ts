import { Readable } from 'node:stream';
import { readBody } from '@cliproxy/plugin-api';
import type { Failure, WireReply } from '@cliproxy/plugin-api';

const MAX_ERROR_BYTES = 64 * 1024;

/** What the vendor's codes mean, and what an operator can do. */
const MEANINGS: Readonly<Record<string, Pick<Failure, 'kind' | 'scope' | 'message'>>> = {
  subscription_sharing_usage_limit_exceeded: {
    kind: 'rate-limit',
    scope: 'account',
    message: "the plan's usage limit is reached; see https://chatgpt.com/settings/usage",
  },
  usage_limit_reached: {
    kind: 'rate-limit',
    scope: 'account',
    message: "the plan's usage limit is reached; see https://chatgpt.com/settings/usage",
  },
  subscription_sharing_user_not_eligible: {
    kind: 'forbidden',
    scope: 'account',
    message: 'the account may not use its plan in other programs',
  },
  subscription_sharing_route_not_supported: {
    kind: 'forbidden',
    scope: 'model',
    message: 'a plan can not be used for this',
  },
};

interface PlanError {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly resets_at?: unknown;
  readonly resets_in_seconds?: unknown;
}

/** Says what a refusal means that only plans know; all others mean what they do everywhere. */
export async function markLimits(reply: WireReply, nowMs: number): Promise<WireReply> {
  if (reply.status < 400) return reply;
  const bytes = await readBody(reply, MAX_ERROR_BYTES);
  const read = { ...reply, body: Readable.from([bytes]) };
  const error = errorOf(bytes.toString());
  const meaning = [error.code, error.type]
    .map((name) => (typeof name === 'string' ? MEANINGS[name] : undefined))
    .find((one) => one !== undefined);
  if (meaning === undefined) return read;
  const resetAtMs = resetOf(error, nowMs);
  return { ...read, failure: { ...meaning, ...(resetAtMs === undefined ? {} : { resetAtMs }) } };
}

/** Told in seconds since 1970, or from now; where it is not, `Retry-After` counts. */
function resetOf(error: PlanError, nowMs: number): number | undefined {
  const { resets_at: at, resets_in_seconds: inSeconds } = error;
  const resetAtMs =
    typeof at === 'number'
      ? at * 1000
      : typeof inSeconds === 'number'
        ? nowMs + inSeconds * 1000
        : 0;
  return resetAtMs > nowMs ? resetAtMs : undefined;
}

function errorOf(text: string): PlanError {
  try {
    const { error, detail } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const told = error ?? detail;
    return typeof told === 'object' && told !== null ? told : {};
  } catch {
    return {};
  }
}
