import QuickLRU from 'quick-lru';
import { errorRow } from '@cliproxy/plugin-api';
import type { AttemptRecord, RequestFinished } from '../ports/event-sink.ts';

/** What requests have shown of one instance. */
export interface TrafficFigures {
  readonly answered: number;
  /** Without those that failed by their own fault. */
  readonly failed: number;
  /** Milliseconds since 1970. */
  readonly lastSuccessMs?: number;
  readonly ttftMs?: { readonly p50: number; readonly p95: number };
}

interface Figures {
  answered: number;
  failed: number;
  lastSuccessMs: number | undefined;
  /** Ring of the last times to the first token, in milliseconds. */
  readonly ttftMs: number[];
  next: number;
}

interface Latency {
  /** Exponentially weighted mean of times to the first token. */
  ms: number;
  /** When the last of them was measured, in milliseconds since 1970. */
  atMs: number;
}

const RING_SIZE = 256;
const MAX_TARGETS = 1_000;
/** How much the latest answer counts. */
const LATEST_SHARE = 0.2;
/** What was measured longer ago says nothing about now. */
const LATENCY_KEPT_MS = 600_000;

/** Adds up what finished requests tell about instances and accounts. */
export class Traffic {
  readonly #instances = new Map<string, Figures>();
  readonly #lastSuccessMs = new Map<string, number>();
  readonly #latencies = new QuickLRU<string, Latency>({ maxSize: MAX_TARGETS });

  /** @param nowMs - milliseconds since 1970. */
  note(finished: RequestFinished, nowMs: number): void {
    for (const attempt of finished.attempts) {
      const { instanceId, account, outcome } = attempt;
      if (outcome === 'client-left' || isNobodysFailure(attempt)) continue;
      const figures = this.#figures(instanceId);
      figures[outcome] += 1;
      if (outcome === 'failed') continue;
      figures.lastSuccessMs = nowMs;
      this.#lastSuccessMs.set(account, nowMs);
    }
    const last = finished.attempts.at(-1);
    if (last === undefined || finished.firstTokenMs === undefined || !finished.stream) return;
    const figures = this.#figures(last.instanceId);
    // What attempts before it took is not its fault.
    const ttftMs = Math.max(0, finished.firstTokenMs - last.startedMs);
    figures.ttftMs[figures.next] = ttftMs;
    figures.next = (figures.next + 1) % RING_SIZE;
    this.#noteLatency(targetKey(last.instanceId, last.model), ttftMs, nowMs);
  }

  /**
   * What a target's time to the first token usually is: a mean to which the last five or so streams
   * give most. Undefined where none was measured within ten minutes.
   *
   * @param model - the model's name at the upstream.
   * @param nowMs - milliseconds since 1970.
   */
  latencyMs(instanceId: string, model: string, nowMs: number): number | undefined {
    const known = this.#latencies.peek(targetKey(instanceId, model));
    return known === undefined || isOld(known, nowMs) ? undefined : known.ms;
  }

  of(instanceId: string): TrafficFigures {
    const figures = this.#instances.get(instanceId);
    if (figures === undefined) return { answered: 0, failed: 0 };
    const { answered, failed, lastSuccessMs } = figures;
    const times = figures.ttftMs.toSorted((a, b) => a - b);
    return {
      answered,
      failed,
      ...(lastSuccessMs === undefined ? {} : { lastSuccessMs }),
      ...(times.length === 0 ? {} : { ttftMs: { p50: at(times, 0.5), p95: at(times, 0.95) } }),
    };
  }

  /** When an account last answered, in milliseconds since 1970. */
  lastSuccessMs(accountId: string): number | undefined {
    return this.#lastSuccessMs.get(accountId);
  }

  /** Forgets instances and accounts that are not among these. */
  retain(instanceIds: ReadonlySet<string>, accountIds: ReadonlySet<string>): void {
    for (const id of this.#instances.keys()) if (!instanceIds.has(id)) this.#instances.delete(id);
    for (const id of this.#lastSuccessMs.keys()) {
      if (!accountIds.has(id)) this.#lastSuccessMs.delete(id);
    }
  }

  #noteLatency(key: string, ms: number, nowMs: number): void {
    const known = this.#latencies.get(key);
    if (known === undefined || isOld(known, nowMs)) {
      this.#latencies.set(key, { ms, atMs: nowMs });
      return;
    }
    known.ms += (ms - known.ms) * LATEST_SHARE;
    known.atMs = nowMs;
  }

  #figures(instanceId: string): Figures {
    let figures = this.#instances.get(instanceId);
    if (figures === undefined) {
      figures = {
        answered: 0,
        failed: 0,
        lastSuccessMs: undefined,
        ttftMs: [],
        next: 0,
      };
      this.#instances.set(instanceId, figures);
    }
    return figures;
  }
}

function targetKey(instanceId: string, model: string): string {
  return `${instanceId}/${model}`;
}

/** However the clock was set. */
function isOld({ atMs }: Latency, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) > LATENCY_KEPT_MS;
}

/** The request was at fault, a hook was, or the gateway ended it: none says anything about the instance. */
function isNobodysFailure({ scope, code = '' }: AttemptRecord): boolean {
  if (scope !== 'request') return false;
  return errorRow(code).status < 500 || /^(KERNEL|PLUGIN_HOOK)_/.test(code);
}

/** The value that a share of all values does not exceed. */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
