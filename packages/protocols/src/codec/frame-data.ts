/** A frame's lines, taken apart. For the rare frames that must be parsed. */
export interface FrameData {
  /** The parsed `data`; undefined where it is not JSON. */
  readonly json: unknown;
  /** The lines that are not `data`, without their ends. */
  readonly otherLines: readonly string[];
}

/** Takes a frame apart. Never throws. */
export function dataOf(frame: Buffer): FrameData {
  const lines = frame
    .toString('utf8')
    .split(/\r\n|\r|\n/)
    .filter((line) => line !== '');
  const isData = (line: string): boolean => line.startsWith('data:');
  const data = lines.filter(isData).map((line) => line.slice('data:'.length));
  return { json: parse(data.join('\n')), otherLines: lines.filter((line) => !isData(line)) };
}

const EVENT = Buffer.from('event:');
const LF = 0x0a;
const CR = 0x0d;

/** The name in a frame's first line; undefined where that line is another. */
export function eventName(frame: Buffer): string | undefined {
  // A frame may be shorter than the word.
  if (!frame.subarray(0, EVENT.length).equals(EVENT)) return undefined;
  let end = EVENT.length;
  while (end < frame.length && frame[end] !== LF && frame[end] !== CR) end += 1;
  return frame.toString('latin1', EVENT.length, end).trim();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
