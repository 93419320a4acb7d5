import { EOL } from 'node:os';
import { jsonLine } from './line-format.ts';
import { LogFile } from './log-file.ts';
import { childLogName, logFileOf } from './log-folder.ts';
import { printableText } from './printable-fields.ts';
import type { Redactor } from './redactor.ts';

/** Ten megabytes for each child, however much it prints. */
const SIZE = { maxBytes: 2 * 1024 * 1024, maxFiles: 5 };

/** Which child's log. */
interface ChildLogPlace {
  readonly dataFolder: string;
  readonly instanceId: string;
  readonly child: string;
  readonly redactor: Redactor;
}

/** The log of one child process. It outlives the processes. */
export interface FileChildLog {
  readonly file: string;
  /** Writes one line, without its end: known secrets masked, a long one cut. Never throws or waits. */
  write(line: string): void;
  /** Resolves when everything is written, or can't be. */
  close(): Promise<void>;
}

/** Opens the log of a child: JSON lines like the gateway's own, `name` being `<instance>/<child>`. */
export function fileChildLog(place: ChildLogPlace): FileChildLog {
  const { dataFolder, instanceId, child, redactor } = place;
  const file = logFileOf(dataFolder, childLogName(instanceId, child));
  const name = `${instanceId}/${child}`;
  const out = new LogFile(file, { ...SIZE, name });
  return {
    file,
    write(line) {
      if (out.writableEnded) return;
      const message = printableText(line, redactor.mask);
      out.write(jsonLine({ level: 'info', name, message, fields: {} }, Date.now(), redactor) + EOL);
    },
    close: () => out.finish(),
  };
}
