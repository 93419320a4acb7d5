/** A JSON text, and bytes beside it that no text could hold cheaply. */
export interface Frame {
  readonly message: unknown;
  /** Absent where there are none. */
  readonly bytes: Buffer | undefined;
}

/** Two lengths, of the text and of the bytes. */
const HEAD_BYTES = 8;
/** The largest text: a request of the largest body, in another form. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;
const MAX_BYTES = 1024 * 1024 * 1024;

/** The head and the text of a frame; its bytes follow as they are. */
export function frameHead(message: unknown, byteLength: number): Buffer {
  const text = JSON.stringify(message);
  const textBytes = Buffer.byteLength(text);
  const head = Buffer.allocUnsafe(HEAD_BYTES + textBytes);
  head.writeUInt32LE(textBytes, 0);
  head.writeUInt32LE(byteLength, 4);
  head.write(text, HEAD_BYTES);
  return head;
}

/** Parts a stream of bytes into frames. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  /** The beginning of a frame that is not complete. */
  #pieces: Buffer[] = [];
  #have = 0;
  #need = HEAD_BYTES;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** @throws Error for what is no frame; SyntaxError for a text that is no JSON. */
  take(chunk: Buffer): void {
    let data = chunk;
    if (this.#have > 0) {
      this.#pieces.push(chunk);
      this.#have += chunk.length;
      if (this.#have < this.#need) return;
      data = Buffer.concat(this.#pieces, this.#have);
    }
    let at = 0;
    for (;;) {
      const total = frameBytes(data, at);
      if (data.length - at < total) {
        this.#keep(data.subarray(at), total);
        return;
      }
      const textEnd = at + HEAD_BYTES + data.readUInt32LE(at);
      const bytes = textEnd === at + total ? undefined : data.subarray(textEnd, at + total);
      const message: unknown = JSON.parse(data.toString('utf8', at + HEAD_BYTES, textEnd));
      at += total;
      this.#onFrame({ message, bytes });
    }
  }

  #keep(rest: Buffer, need: number): void {
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#have = rest.length;
    this.#need = need;
  }
}

/** How long the frame is that begins there, as far as can be seen. */
function frameBytes(data: Buffer, at: number): number {
  if (data.length - at < HEAD_BYTES) return HEAD_BYTES;
  const textBytes = data.readUInt32LE(at);
  const bytes = data.readUInt32LE(at + 4);
  if (textBytes > MAX_TEXT_BYTES || bytes > MAX_BYTES) throw new Error('a frame without measure');
  return HEAD_BYTES + textBytes + bytes;
}
