/** One event of a stream. */
export interface Frame {
  /** Undefined where the event has no name. */
  readonly event: string | undefined;
  readonly data: string;
}

/** A stream as it arrived, to be read by the state machine of its dialect. */
export interface Streamed {
  readonly frames: readonly Frame[];
  /** False where the client left, or the connection broke. */
  readonly complete: boolean;
  /** The name that was asked for. */
  readonly model: string;
  /** Body of the request. */
  readonly request: unknown;
}

/** Splits the text of an event stream; comments and an unfinished end are left out. */
export function framesOf(text: string): readonly Frame[] {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n');
  return blocks.slice(0, -1).flatMap((block) => {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'));
    if (lines.length === 0) return [];
    const field = (name: string) =>
      lines
        .filter((line) => line.startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).replace(/^ /u, ''));
    const strange = lines.find((line) => !/^(?:event|data|id|retry):/u.test(line));
    if (strange !== undefined) throw new Error(`no line of an event stream: ${strange}`);
    return [{ event: field('event')[0], data: field('data').join('\n') }];
  });
}
