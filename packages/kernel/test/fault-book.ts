import { CodeHomes } from '../src/faults/code-homes.ts';
import { FaultBook } from '../src/faults/fault-book.ts';
import type { FaultBookOptions } from '../src/faults/fault-book.ts';
import { policy } from './fake-instances.ts';

/** A fault book that masks nothing, with the usual numbers. */
export function faultBook(
  options: Pick<FaultBookOptions, 'clock' | 'sink'> & Partial<FaultBookOptions>,
): FaultBook {
  return new FaultBook({
    secrets: { mask: (text) => text },
    homes: new CodeHomes('/own'),
    policy: () => policy,
    ...options,
  });
}
