import { isGatewayError } from '@cliproxy/plugin-api';
import type { FinishReason, GatewayError, Usage } from '@cliproxy/plugin-api';
import type { AnswerPipe } from '@cliproxy/kernel';
import { FrameSplitter } from '../sse/frame-splitter.ts';
import { streamTeller } from './client-writer.ts';
import type { ClientTeller } from './client-writer.ts';
import type { FrameTap } from '../codec/passthrough-codec.ts';
import type { StateCodec } from '../codec/state-codec.ts';
import type { StreamEncoder } from '../codec/stream-codec.ts';
import { answerContext, answerError } from './exchange.ts';
import type { WireExchangeContext } from './exchange.ts';
import { modelSplice } from './model-splice.ts';
import type { ModelSplice } from './model-splice.ts';
import { isUsageChunk } from './stream-usage.ts';

/** Comments and pings may come before the event that begins a stream. */
const FRAMES_FOR_ID = 4;
const BLANK_LINE = Buffer.from('\n\n');

/**
 * A stream in the client's own dialect: its frames go through as they are, watched by a tap. Only
 * whole frames go out, so that an error can be told after any of them.
 */
export class StreamPassthrough implements AnswerPipe {
  readonly contentType: string;
  readonly streaming = true;
  readonly passthrough = true;
  readonly #frames = new FrameSplitter();
  readonly #tap: FrameTap;
  readonly #splice: ModelSplice | undefined;
  readonly #hidesUsageChunk: boolean;
  readonly #teller: ClientTeller;
  /** A stream that tells no id in its first frames tells none. */
  #framesForId: number;
  readonly #keeping: StateCodec | undefined;
  keptAs: string | undefined;

  constructor(exchange: WireExchangeContext, contentType: string) {
    const { upstream, clientModel, upstreamModel, requestId } = exchange;
    this.contentType = contentType;
    this.#tap = upstream.passthrough.tap();
    this.#hidesUsageChunk = exchange.hidesUsageChunk;
    this.#keeping = exchange.keeping;
    this.#framesForId = exchange.keeping === undefined ? 0 : FRAMES_FOR_ID;
    this.#splice =
      clientModel === upstreamModel
        ? undefined
        : modelSplice(upstream.passthrough.modelPaths, clientModel);
    const encoder = () => upstream.stream.encoder(answerContext(exchange, upstream.id));
    const tap = this.#tap;
    this.#teller = streamTeller(upstream, () => (hasFailure(tap) ? tap : encoder()), requestId);
  }

  push(chunk: Buffer, out: Buffer[]): boolean {
    const frames = this.#frames.push(chunk);
    let meaningful = false;
    let run: Buffer | undefined;
    try {
      for (const frame of frames) {
        if (this.#framesForId > 0) this.#lookForId(frame);
        const before = this.#hidesUsageChunk ? this.#tap.usage : undefined;
        if (this.#tap.see(frame)) meaningful = true;
        const ours = this.#rewritten(frame, before);
        if (ours === undefined) continue;
        run = run && joined(run, ours, out);
        run ??= ours;
      }
    } catch (thrown) {
      throw answerError(thrown);
    } finally {
      if (run !== undefined) out.push(run);
    }
    return meaningful;
  }

  end(out: Buffer[]): void {
    const rest = this.#frames.end();
    const before = this.#hidesUsageChunk ? this.#tap.usage : undefined;
    const readable = rest !== undefined && this.#seesRest(rest);
    this.#tap.end();
    const ours = readable ? this.#rewritten(rest, before) : undefined;
    if (ours !== undefined) out.push(ours);
  }

  failure(error: GatewayError): Buffer {
    const told = this.#teller.failure(error);
    return this.#splice === undefined ? told : this.#splice.frame(told);
  }

  heartbeat(): Buffer {
    return this.#teller.heartbeat();
  }

  get usage(): Usage | undefined {
    return this.#tap.usage;
  }

  get finish(): FinishReason | undefined {
    return this.#tap.finish;
  }

  #lookForId(frame: Buffer): void {
    this.keptAs = this.#keeping?.idInFrame(frame);
    this.#framesForId = this.keptAs === undefined ? this.#framesForId - 1 : 0;
  }

  /** @param before - the usage before the frame: one that tells none is no usage chunk. */
  #rewritten(frame: Buffer, before: Usage | undefined): Buffer | undefined {
    const hides = this.#hidesUsageChunk && this.#tap.usage !== before;
    if (hides && isUsageChunk(frame)) return undefined;
    return this.#splice === undefined ? frame : this.#splice.frame(frame);
  }

  /** Half a frame is no bad answer but a truncated one, unless all was told before it. */
  #seesRest(rest: Buffer): boolean {
    try {
      this.#tap.see(Buffer.concat([rest, BLANK_LINE]));
      return true;
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'UPSTREAM_BAD_ANSWER') throw error;
      return false;
    }
  }
}

function hasFailure(tap: FrameTap): tap is FrameTap & Pick<StreamEncoder, 'failure'> {
  return tap.failure !== undefined;
}

/** Frames that lie one after the other in a chunk leave as one piece; else the first leaves now. */
function joined(run: Buffer, next: Buffer, out: Buffer[]): Buffer {
  if (run.buffer === next.buffer && run.byteOffset + run.length === next.byteOffset) {
    return Buffer.from(run.buffer, run.byteOffset, run.length + next.length);
  }
  out.push(run);
  return next;
}
