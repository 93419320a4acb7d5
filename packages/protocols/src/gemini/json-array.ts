import type { GatewayError } from '@cliproxy/plugin-api';
import type { AnswerPipe, EventPipe } from '@cliproxy/kernel';
import type { SpokenForm } from '../codec/dialect-codec.ts';
import { FrameSplitter } from '../sse/frame-splitter.ts';

/**
 * The form of a stream without `alt=sse`: one JSON array whose elements come one by one.
 *
 * @see https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */
export function jsonArray(): SpokenForm {
  return { pipe: jsonArrayPipe };
}

/**
 * Turns the server-sent events that leave a pipe into the elements of an array, byte for byte. An
 * error is the last element; a heartbeat is space, which JSON allows anywhere between them.
 */
function jsonArrayPipe<P extends AnswerPipe | EventPipe>(inner: P): P {
  if (!inner.streaming) return inner;
  const array = new ArrayWriter();
  const pipe: Omit<AnswerPipe, 'push'> & { push(given: never, out: Buffer[]): boolean } = {
    contentType: 'application/json; charset=utf-8',
    streaming: true,
    passthrough: inner.passthrough,
    push(given, out) {
      const frames: Buffer[] = [];
      try {
        return inner.push(given, frames);
      } finally {
        array.write(frames, out);
      }
    },
    end(out) {
      const frames: Buffer[] = [];
      try {
        inner.end(frames);
      } finally {
        array.write(frames, out);
      }
      array.close(out);
    },
    failure(error: GatewayError) {
      const out: Buffer[] = [];
      array.write([inner.failure(error)], out);
      array.close(out);
      return Buffer.concat(out);
    },
    heartbeat: () => (inner.heartbeat().length === 0 ? NOTHING : SPACE),
    get usage() {
      return inner.usage;
    },
    get finish() {
      return inner.finish;
    },
  };
  return pipe as P;
}

const NOTHING = Buffer.alloc(0);
const SPACE = Buffer.from('\n');
const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',\r\n');
const CLOSE = Buffer.from(']');

class ArrayWriter {
  readonly #frames = new FrameSplitter();
  #begun = false;

  write(chunks: readonly Buffer[], out: Buffer[]): void {
    for (const chunk of chunks) {
      for (const frame of this.#frames.push(chunk)) this.#element(frame, out);
    }
  }

  close(out: Buffer[]): void {
    // A last frame may lack its blank line.
    const rest = this.#frames.end();
    if (rest !== undefined) this.#element(rest, out);
    if (!this.#begun) out.push(OPEN);
    out.push(CLOSE);
  }

  #element(frame: Buffer, out: Buffer[]): void {
    const data = dataIn(frame);
    if (data === undefined) {
      // A comment of the upstream's, to keep the connection alive.
      out.push(SPACE);
      return;
    }
    out.push(this.#begun ? COMMA : OPEN, data);
    this.#begun = true;
  }
}

const DATA = Buffer.from('data:');
const LF = 0x0a;
const CR = 0x0d;

/** The data of a frame, which mostly is one line of it; undefined where there is none. */
function dataIn(frame: Buffer): Buffer | undefined {
  let end = frame.length;
  while (end > 0 && (frame[end - 1] === LF || frame[end - 1] === CR)) end -= 1;
  const line = frame.subarray(0, end);
  if (line.subarray(0, DATA.length).equals(DATA) && !line.includes(LF) && !line.includes(CR)) {
    return line.subarray(DATA.length);
  }
  const lines = line
    .toString()
    .split(/\r\n|\r|\n/)
    .filter((one) => one.startsWith('data:'));
  if (lines.length === 0) return undefined;
  return Buffer.from(lines.map((one) => one.slice(DATA.length)).join('\n'));
}
