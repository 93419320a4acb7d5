import type { Hook, HookCall, HookRecord } from '@cliproxy/plugin-api';
import type { InstanceFaults } from '../faults/instance-faults.ts';
import type { ChainLink } from './hook-chain.ts';
import { hookFault, hookName, thrownName } from './hook-fault.ts';
import type { HookCallView } from './hook-call.ts';

/** Records that wait for one hook. */
export const MAX_WAITING = 1_000;
/** How long a hook may take for one record. */
const COMPLETE_MS = 10_000;

interface Waiting {
  readonly record: HookRecord;
  readonly view: HookCallView;
  /** Told when nothing is owed to the hook any more. */
  readonly over: () => void;
}

interface Line {
  readonly waiting: Waiting[];
  busy: boolean;
  /** Records dropped since the line was last empty. */
  dropped: number;
}

/** Brings finished requests to the hooks that want to know of them, one at a time, and waits for no one. */
export class RecordLines {
  readonly #lines = new WeakMap<Hook, Line>();
  readonly #faults: Pick<InstanceFaults, 'note'>;
  readonly #limitMs: number;

  constructor(faults: Pick<InstanceFaults, 'note'>, limitMs = COMPLETE_MS) {
    this.#faults = faults;
    this.#limitMs = limitMs;
  }

  /** @param over - called once, when the record was taken, failed or was dropped. */
  add(link: ChainLink, record: HookRecord, view: HookCallView, over: () => void): void {
    let line = this.#lines.get(link.hook);
    if (line === undefined) {
      line = { waiting: [], busy: false, dropped: 0 };
      this.#lines.set(link.hook, line);
    }
    if (line.waiting.length >= MAX_WAITING) {
      line.dropped += 1;
      if (line.dropped === 1) {
        link.instance.logger.warn(
          `${hookName(link)} is too slow in onComplete: records are dropped`,
        );
      }
      over();
      return;
    }
    line.waiting.push({ record, view, over });
    if (!line.busy) void this.#work(link, line);
  }

  async #work(link: ChainLink, line: Line): Promise<void> {
    line.busy = true;
    // Never in the request's own turn.
    await new Promise(setImmediate);
    for (let next = line.waiting.shift(); next !== undefined; next = line.waiting.shift()) {
      const { record, view, over } = next;
      if (!link.instance.ended.aborted) await this.#tell(link, record, view);
      over();
    }
    if (line.dropped > 0) {
      link.instance.logger.warn(`${hookName(link)}: ${line.dropped} records were dropped`);
      line.dropped = 0;
    }
    line.busy = false;
  }

  async #tell(link: ChainLink, record: HookRecord, view: HookCallView): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const told: unknown = link.hook.onComplete?.(record, view satisfies HookCall);
      if (typeof told !== 'object' || told === null) return;
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(resolve, this.#limitMs, 'late');
      });
      if ((await Promise.race([Promise.resolve(told), late])) !== 'late') return;
      view.abort();
      this.#fault(link, record, `is not done with onComplete within ${this.#limitMs} ms`);
    } catch (thrown) {
      this.#fault(link, record, `threw ${thrownName(thrown)} in onComplete`, thrown);
    } finally {
      clearTimeout(timer);
    }
  }

  #fault(link: ChainLink, { requestId }: HookRecord, what: string, cause?: unknown): void {
    const error = hookFault(link, what, cause);
    this.#faults.note({ instanceId: link.instance.id, where: 'hook', error, requestId });
  }
}
