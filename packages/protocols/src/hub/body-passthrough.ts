import type { FinishReason, GatewayError, Usage } from '@cliproxy/plugin-api';
import type { AnswerPipe } from '@cliproxy/kernel';
import { AnswerBody, answerTooLarge, parseAnswer } from './answer-body.ts';
import { silentTeller } from './client-writer.ts';
import { answerError } from './exchange.ts';
import type { WireExchangeContext } from './exchange.ts';
import { modelSplice } from './model-splice.ts';

/**
 * An answer without stream in the client's own dialect. Where no name is replaced, its bytes go
 * through as they come and are looked at in the end; else they are kept until then.
 */
export class BodyPassthrough implements AnswerPipe {
  readonly contentType: string;
  readonly streaming = false;
  readonly passthrough = true;
  readonly #exchange: WireExchangeContext;
  readonly #renames: boolean;
  readonly #body: AnswerBody;
  #usage: Usage | undefined;
  #finish: FinishReason | undefined;
  keptAs: string | undefined;

  constructor(exchange: WireExchangeContext, contentType: string) {
    this.contentType = contentType;
    this.#exchange = exchange;
    this.#renames = exchange.clientModel !== exchange.upstreamModel;
    this.#body = new AnswerBody(exchange.maxAnswerBytes);
  }

  push(chunk: Buffer, out: Buffer[]): boolean {
    const kept = this.#body.push(chunk);
    if (!this.#renames) out.push(chunk);
    else if (!kept) throw answerTooLarge(this.#exchange.maxAnswerBytes);
    return false;
  }

  end(out: Buffer[]): void {
    // One that went through and was too large to keep is not looked at.
    if (!this.#body.complete) return;
    try {
      this.#read(out);
    } catch (thrown) {
      throw answerError(thrown);
    }
  }

  failure(error: GatewayError): Buffer {
    return silentTeller.failure(error);
  }

  heartbeat(): Buffer {
    return silentTeller.heartbeat();
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get finish(): FinishReason | undefined {
    return this.#finish;
  }

  #read(out: Buffer[]): void {
    const { upstream, operation, clientModel } = this.#exchange;
    const body = this.#body.take();
    const json = parseAnswer(body);
    if (operation === 'generate') {
      const { usage, finish } = upstream.passthrough.inspect(json);
      this.#usage = usage;
      this.#finish = finish;
      this.keptAs = this.#exchange.keeping?.idOf(json);
    } else if (operation === 'embed') this.#usage = upstream.embed?.usageOf(json);
    if (!this.#renames) return;
    out.push(modelSplice(upstream.passthrough.modelPaths, clientModel).body(body, json));
  }
}
