import { demand } from '../refusal.ts';
import type { Json } from '../shape.ts';
import { partsOf } from './conversation.ts';
import type { Content } from './conversation.ts';
import type { ModelLine } from './model-line.ts';

/** For calls that the model did not make itself. */
const PLACEHOLDERS: readonly unknown[] = [
  'skip_thought_signature_validator',
  'context_engineering_is_the_way_to_go',
];

/**
 * The signatures that were given out, each with the part that it stood on.
 *
 * @see https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export class Signatures {
  readonly #issued = new Map<unknown, string>();

  /** Remembers the parts of an answer. */
  issue(parts: readonly Json[], model: string): void {
    for (const part of parts) {
      if (part['thoughtSignature'] === undefined) continue;
      this.#issued.set(part['thoughtSignature'], sealed(part, model));
    }
  }

  /** Signatures are the model's own, on their parts; calls of the current turn must have one. */
  check(contents: readonly Content[], model: string, line: ModelLine): void {
    contents.forEach(({ parts }, at) => {
      parts.forEach((part, index) => {
        const signature = part['thoughtSignature'];
        if (signature === undefined || PLACEHOLDERS.includes(signature)) return;
        const isOwn = this.#issued.get(signature) === sealed(part, model);
        const path = ['contents', at, 'parts', index];
        demand(isOwn, path, 'Corrupted thought signature.');
      });
    });
    if (!line.isGemini3) return;
    const from = contents.findLastIndex((content) => isQuestion(content));
    contents.slice(from).forEach((content, index) => {
      const call = content.parts.find(({ functionCall }) => functionCall !== undefined);
      const name = String((call?.['functionCall'] as Json | undefined)?.['name']);
      const message = `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\`, position ${from + index + 1}.`;
      demand(call === undefined || call['thoughtSignature'] !== undefined, [], message);
    });
  }
}

/** Whether a turn asks something new, rather than to give results alone. */
function isQuestion(content: Content): boolean {
  return content.role === 'user' && partsOf(content, 'functionResponse').length === 0;
}

/** A text may come back in other pieces than it went; a call comes back as it was. */
function sealed({ functionCall }: Json, model: string): string {
  const { name, args } = (functionCall ?? {}) as Json;
  return JSON.stringify([model, name, args]);
}
