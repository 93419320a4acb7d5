import type { ChildExit, ChildState } from '@cliproxy/plugin-api';

/**
 * A child's life, over all its processes: what is known, and what is to happen next. Times are
 * monotonic milliseconds.
 */
export interface ChildLife {
  readonly state: Exclude<ChildState, 'waiting'>;
  readonly sinceMs: number;
  /** Whether there is a process, or one is about to be made. */
  readonly running: boolean;
  /** How many processes there have been after the first. */
  readonly restarts: number;
  /** Whether there has been a process. */
  readonly begun: boolean;
  /** When it failed, within the last five minutes. */
  readonly failuresMs: readonly number[];
  /** Failures since it was last well for a minute. */
  readonly streak: number;
  /** In a crash loop, until it is well for a minute. */
  readonly looping: boolean;
  /** When the next process is due, in `backing-off` and `crash-loop`. */
  readonly retryAtMs?: number;
  /** In `stopping`: it is to run again afterwards. */
  readonly again?: boolean;
  readonly lastExit?: ChildExit;
  /** Absent: the usual ones. */
  readonly pauses?: LifePauses;
}

/** How long a child waits for its next process, in milliseconds. */
export interface LifePauses {
  /** After the first failure, doubled with each in a row. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** From one try to the next in a crash loop. */
  readonly loopMs: number;
}

/** What happens to a child. */
export type ChildEvent =
  /** A process is started. */
  | { readonly type: 'launch' }
  | { readonly type: 'ready' }
  /** Its process is gone, whoever ended it. */
  | { readonly type: 'ended'; readonly exit: ChildExit }
  /** It is to end, for good or to begin anew. */
  | { readonly type: 'stop'; readonly again: boolean };

/** The first pause after a failure, doubled with each in a row. */
const FIRST_PAUSE_MS = 1_000;
export const LONGEST_PAUSE_MS = 60_000;
/** So long in readiness, and what was before is forgotten. */
export const WELL_MS = 60_000;
/** So many failures within {@link LOOP_WINDOW_MS} are a crash loop. */
export const LOOP_FAILURES = 8;
export const LOOP_WINDOW_MS = 300_000;
/** From one try to the next in a crash loop. */
export const LOOP_PAUSE_MS = 600_000;

const USUAL_PAUSES: LifePauses = Object.freeze({
  firstMs: FIRST_PAUSE_MS,
  longestMs: LONGEST_PAUSE_MS,
  loopMs: LOOP_PAUSE_MS,
});

/** A child that has not run yet. */
export function newLife(nowMs: number, pauses?: LifePauses): ChildLife {
  return {
    ...(pauses === undefined ? {} : { pauses }),
    state: 'starting',
    sinceMs: nowMs,
    running: false,
    restarts: 0,
    begun: false,
    failuresMs: [],
    streak: 0,
    looping: false,
  };
}

/** What becomes of a life through an event. Pure. @param nowMs - monotonic. */
export function nextLife(life: ChildLife, event: ChildEvent, nowMs: number): ChildLife {
  switch (event.type) {
    case 'launch':
      return {
        ...resting(life),
        state: 'starting',
        sinceMs: nowMs,
        running: true,
        begun: true,
        restarts: life.begun ? life.restarts + 1 : 0,
      };
    case 'ready':
      if (life.state !== 'starting') return life;
      return { ...life, state: 'ready', sinceMs: nowMs };
    case 'stop':
      return stopped(life, event.again, nowMs);
    case 'ended':
      return ended({ ...life, running: false, lastExit: event.exit }, nowMs);
  }
}

function stopped(life: ChildLife, again: boolean, nowMs: number): ChildLife {
  if (life.running) return { ...life, state: 'stopping', sinceMs: nowMs, again };
  // No process to wait for. Somebody wants it: what was before counts no more.
  if (again) return { ...forgiven(resting(life)), state: 'starting', sinceMs: nowMs };
  return { ...resting(life), state: 'stopped', sinceMs: nowMs };
}

function ended(life: ChildLife, nowMs: number): ChildLife {
  if (life.state === 'stopping') {
    const { again = false } = life;
    const state = again ? 'starting' : 'stopped';
    return { ...forgiven(resting(life)), state, sinceMs: nowMs };
  }
  return failed(wasWell(life, nowMs) ? forgiven(life) : life, nowMs);
}

function failed(life: ChildLife, nowMs: number): ChildLife {
  const failuresMs = [...life.failuresMs.filter((ms) => nowMs - ms < LOOP_WINDOW_MS), nowMs];
  const looping = life.looping || failuresMs.length >= LOOP_FAILURES;
  const { firstMs, longestMs, loopMs } = life.pauses ?? USUAL_PAUSES;
  const pauseMs = Math.min(longestMs, firstMs * 2 ** Math.min(life.streak, 16));
  return {
    ...life,
    state: looping ? 'crash-loop' : 'backing-off',
    sinceMs: nowMs,
    failuresMs,
    looping,
    streak: life.streak + 1,
    retryAtMs: nowMs + (looping ? loopMs : pauseMs),
  };
}

function wasWell({ state, sinceMs }: ChildLife, nowMs: number): boolean {
  return state === 'ready' && nowMs - sinceMs >= WELL_MS;
}

function forgiven(life: ChildLife): ChildLife {
  return { ...life, failuresMs: [], streak: 0, looping: false };
}

/** Without what belongs to a state that is over. */
function resting(life: ChildLife): ChildLife {
  const rest: { -readonly [Key in keyof ChildLife]: ChildLife[Key] } = { ...life };
  delete rest.retryAtMs;
  delete rest.again;
  return rest;
}
