import type { ChildFiles } from '../src/ports/child-files.ts';
import { SupervisorRoom } from '../src/supervisor/supervisor-room.ts';
import type { SupervisorRoomOptions } from '../src/supervisor/supervisor-room.ts';

/** For tests in which no child runs. */
export const noChildFiles: ChildFiles = {
  log: () => ({ write: () => undefined, close: () => Promise.resolve() }),
  folder: () => Promise.reject(new Error('no child runs in this test')),
};

/** For tests in which no child runs. */
export function noChildren(
  ports: Pick<SupervisorRoomOptions, 'clock' | 'sink' | 'secrets' | 'checker'> & {
    readonly loggers: { logger(name: string): SupervisorRoomOptions['logger'] };
  },
): SupervisorRoom {
  const { clock, sink, secrets, checker, loggers } = ports;
  const logger = loggers.logger('kernel');
  return new SupervisorRoom({ clock, sink, secrets, checker, logger, files: noChildFiles });
}
