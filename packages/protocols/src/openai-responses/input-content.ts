import type { Part } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { arrayAt, mustBe, objectAt, stringAt } from '../openai-chat/field-path.ts';
import { decodeAudio } from '../openai-chat/media.ts';
import { decodeFile, decodeImage } from './media.ts';

/** A part, and what it was read from: for the members that have no canonical name. */
export interface ReadPart {
  readonly part: Part;
  readonly source: JsonObject;
  /** Members that were read, or say nothing that a model reads. */
  readonly known: ReadonlySet<string>;
}

interface Reader {
  read(part: JsonObject, path: string): Part;
  readonly known: ReadonlySet<string>;
}

const text: Reader = {
  read: (part, path) => ({ type: 'text', text: stringAt(part.text, `${path}.text`) }),
  known: new Set(['type', 'text', 'logprobs']),
};

const TEXT: Readonly<Record<string, Reader>> = {
  input_text: text,
  output_text: text,
  // Written by clients that know Chat.
  text,
};

const REFUSAL: Reader = {
  read: (part, path) => ({ type: 'refusal', text: stringAt(part.refusal, `${path}.refusal`) }),
  known: new Set(['type', 'refusal']),
};

/** Parts of system and developer messages. */
export const TEXT_PARTS: Readonly<Record<string, Reader>> = TEXT;

/** Parts of assistant messages. */
export const ASSISTANT_PARTS: Readonly<Record<string, Reader>> = { ...TEXT, refusal: REFUSAL };

/** Parts of user messages and of what tools answered. */
export const USER_PARTS: Readonly<Record<string, Reader>> = {
  ...TEXT,
  input_image: { read: decodeImage, known: new Set(['type', 'image_url', 'file_id', 'detail']) },
  input_file: { read: decodeFile, known: new Set(['type', 'file_data', 'file_id', 'file_url']) },
  input_audio: { read: decodeAudio, known: new Set(['type', 'input_audio']) },
};

/**
 * Reads content: a string or parts. Empty text is left out.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function readContent(
  content: unknown,
  readers: Readonly<Record<string, Reader>>,
  path: string,
): readonly ReadPart[] {
  if (typeof content === 'string') {
    const part: Part = { type: 'text', text: content };
    return content === '' ? [] : [{ part, source: {}, known: text.known }];
  }
  if (!Array.isArray(content)) throw mustBe(path, 'a string or an array of parts', content);
  return arrayAt(content, path).flatMap((value, i): readonly ReadPart[] => {
    const at = `${path}[${i}]`;
    const source = objectAt(value, at);
    const type = stringAt(source.type, `${at}.type`);
    const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
    if (reader === undefined) {
      const known = Object.keys(readers).join(', ');
      throw mustBe(`${at}.type`, `one of ${known} in this item`, type);
    }
    const part = reader.read(source, at);
    return 'text' in part && part.text === '' ? [] : [{ part, source, known: reader.known }];
  });
}
