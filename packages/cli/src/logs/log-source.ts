import { didYouMean } from '@cliproxy/config';
import { GATEWAY_LOG, OUTPUT_LOG, listLogs, logFileOf } from '@cliproxy/gateway/data-place';
import type { ReadLine } from '@cliproxy/gateway/data-place';
import { CommandError } from '../exit-codes.ts';

/** One log file, and which of its lines are wanted. */
export interface LogSource {
  readonly file: string;
  /** Undefined: a line that is none of ours. */
  wants(line: ReadLine | undefined): boolean;
}

/** Which logs there are. */
interface LogPlaces {
  readonly dataFolder: string;
  /** The gateway's own. */
  readonly gatewayFile: string;
  /** Configured instances. */
  readonly instances: readonly string[];
}

const all = (): boolean => true;

/**
 * The logs that a name stands for: `gateway`, `output`, `<instance>/<child>`, an instance (what it and
 * its children say), or none for all.
 *
 * @throws CommandError that lists the names.
 */
export async function logSources(
  name: string | undefined,
  { dataFolder, gatewayFile, instances }: LogPlaces,
): Promise<readonly LogSource[]> {
  const files = await listLogs(dataFolder);
  const children = files.filter((log) => log.includes('.')).map(childOf);
  const fileOf = (child: string): string => logFileOf(dataFolder, child.replace('/', '.'));
  const own: LogSource = { file: gatewayFile, wants: all };
  const output: LogSource = { file: logFileOf(dataFolder, OUTPUT_LOG), wants: all };
  if (name === undefined) {
    return [own, ...children.map((child): LogSource => ({ file: fileOf(child), wants: all }))];
  }
  if (name === GATEWAY_LOG) return [own];
  if (name === OUTPUT_LOG) return [output];
  if (children.includes(name)) return [{ file: fileOf(name), wants: all }];
  const family = children.filter((child) => child.startsWith(`${name}/`));
  if (instances.includes(name) || family.length > 0) {
    const isIts = (line: ReadLine | undefined): boolean =>
      line !== undefined && (line.name === name || line.instance === name);
    return [
      { file: gatewayFile, wants: isIts },
      ...family.map((child): LogSource => ({ file: fileOf(child), wants: all })),
    ];
  }
  const known = [GATEWAY_LOG, OUTPUT_LOG, ...children, ...instances];
  throw new CommandError(
    `there is no log of "${name}".${didYouMean(name, known)} There are: ${known.join(', ')}.`,
  );
}

/** `a.b.c` is child `c` of the instance `a.b`: a child's name has no dot. */
function childOf(log: string): string {
  const dot = log.lastIndexOf('.');
  return `${log.slice(0, dot)}/${log.slice(dot + 1)}`;
}
