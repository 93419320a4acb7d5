import type { Block } from './conversation.ts';

/** The blocks of thinking that were given out, and the calls that they led to. */
export class IssuedThinking {
  readonly #blocks = new Map<string, { readonly model: string; readonly block: string }>();
  readonly #byCall = new Map<unknown, readonly string[]>();

  /** Remembers what a turn was answered with. */
  issue(content: readonly Block[], model: string): void {
    const thinking = content.filter(isThinking).map(printed);
    for (const block of content) {
      if (isThinking(block)) this.#blocks.set(sealOf(block), { model, block: printed(block) });
      if (block.type === 'tool_use') this.#byCall.set(block['id'], thinking);
    }
  }

  /** Whether a block is as it was given out, by the same model. */
  isGenuine(block: Block, model: string): boolean {
    const issued = this.#blocks.get(sealOf(block));
    return issued?.model === model && issued.block === printed(block);
  }

  /** Whether the calls of a turn were given out with thinking before them. */
  beganTurn(blocks: readonly Block[]): boolean {
    return (this.#issuedWith(blocks)?.length ?? 0) > 0;
  }

  /** Whether a turn has all of the thinking that it was given out with, in its order. */
  isWhole(blocks: readonly Block[]): boolean {
    const issued = this.#issuedWith(blocks);
    const now = blocks.filter(isThinking).map(printed);
    return issued === undefined || JSON.stringify(issued) === JSON.stringify(now);
  }

  #issuedWith(blocks: readonly Block[]): readonly string[] | undefined {
    const call = blocks.find(({ type }) => type === 'tool_use');
    return this.#byCall.get(call?.['id']);
  }
}

export function isThinking({ type }: Block): boolean {
  return type === 'thinking' || type === 'redacted_thinking';
}

function sealOf(block: Block): string {
  return String(block['signature'] ?? block['data']);
}

function printed({ type, thinking, signature, data }: Block): string {
  return JSON.stringify([type, thinking, signature, data]);
}
