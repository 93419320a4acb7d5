import QuickLRU from 'quick-lru';
import type { Candidate, Plan } from '../routing/plan.ts';

/** Answers that are remembered; older ones are forgotten. */
const MAX_ANSWERS = 10_000;

/** Who keeps an answer. */
export interface AnswerHome {
  readonly instanceId: string;
  /** Account id. */
  readonly account: string;
}

/** Where the answers are that upstreams keep, so that requests which go on from one find it. */
export class KeptAnswers {
  readonly #homes = new QuickLRU<string, AnswerHome>({ maxSize: MAX_ANSWERS });

  note(id: string, home: AnswerHome): void {
    this.#homes.set(id, home);
  }

  find(id: string): AnswerHome | undefined {
    return this.#homes.get(id);
  }
}

/** The same plan with nobody but the one account that keeps the answer: others don't know it. */
export function onlyAt(home: AnswerHome, plan: Plan): Plan {
  const found = plan.candidates.find(({ instanceId }) => instanceId === home.instanceId);
  const only = found && withAccount(found, home.account);
  return { ...plan, candidates: only === undefined ? [] : [only] };
}

function withAccount(candidate: Candidate, account: string): Candidate | undefined {
  const choice = candidate.accounts.find(({ handle }) => handle.account.id === account);
  if (choice === undefined) return undefined;
  const accounts = [choice];
  if (choice.usable || !candidate.usable) return { ...candidate, accounts };
  const { reason, detail } = choice;
  return {
    ...candidate,
    accounts,
    usable: false,
    ...(reason === undefined ? {} : { reason }),
    ...(detail === undefined ? {} : { detail }),
  };
}
