import type { Command } from 'commander';
import { endRouter } from '../background/end-router.ts';
import { findRouter, lastRun } from '../background/find-router.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

interface StopOptions extends CommonOptions {
  readonly force?: boolean;
}

/** `cliproxy stop`: ends the router; that none runs is no failure. */
export function stopCommand(): Command {
  return listingCommand('stop', { example: 'cliproxy stop' })
    .option('--force', 'end requests under way, too')
    .action(async (options: StopOptions) => {
      const printer = createPrinter(options.json);
      const place = await findRouter(options.config);
      if (place.running === undefined) {
        // With a file that can't be read it may be another folder's.
        if (place.fault !== undefined) throw place.fault;
        printer.result(
          { stopped: false },
          `Nothing to stop: no gateway runs for ${place.file} (data folder ${place.folder}). ${lastRun(place)}`,
        );
        return;
      }
      const { pid } = place.running;
      await endRouter(place.running, {
        force: options.force === true,
        note: (text) => printer.note(`cliproxy: ${text}`),
      });
      printer.result({ stopped: true, pid }, `stopped (PID ${pid})`);
    });
}
