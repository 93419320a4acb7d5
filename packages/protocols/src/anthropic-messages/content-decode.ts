import type { MediaPart, Part } from '@cliproxy/plugin-api';
import { callSigner } from '../model/call-signature.ts';
import { isJsonObject } from '../model/json-object.ts';
import type { JsonObject } from '../model/json-object.ts';
import {
  arrayAt,
  booleanAt,
  mustBe,
  objectAt,
  optional,
  stringAt,
} from '../openai-chat/field-path.ts';
import type { Leftovers, Place } from './leftovers.ts';
import { readRedacted, readThinking } from './reasoning-blocks.ts';

/** Where a content stands, and what takes what has no canonical place. */
export interface ContentPlace {
  readonly leftovers: Leftovers;
  readonly in: Place['in'];
  readonly turn: number;
}

/**
 * Reads a message's content: a string or blocks. Blocks of the vendor's own tools go to the
 * leftovers.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function decodeContent(value: unknown, path: string, where: ContentPlace): readonly Part[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value)) throw mustBe(path, 'a string or an array of blocks', value);
  const parts: Part[] = [];
  const sign = callSigner();
  for (const [i, item] of value.entries()) {
    const at = `${path}[${i}]`;
    const block = objectAt(item, at);
    const type = stringAt(block.type, `${at}.type`);
    const place: Place = { in: where.in, turn: where.turn, part: parts.length };
    const read = READERS.get(type);
    if (read === undefined) {
      where.leftovers.block(place, type, block);
      continue;
    }
    where.leftovers.keys(place, type, block, ['type', ...read.keys]);
    parts.push(...read.parts(block, at).flatMap((part) => sign(part) ?? []));
  }
  return parts;
}

interface BlockReader {
  /** Keys that it reads. */
  readonly keys: readonly string[];
  parts(block: JsonObject, path: string): readonly Part[];
}

const READERS: ReadonlyMap<string, BlockReader> = new Map<string, BlockReader>([
  [
    'text',
    {
      keys: ['text'],
      parts: ({ text }, path) => [{ type: 'text', text: stringAt(text, `${path}.text`) }],
    },
  ],
  [
    'image',
    { keys: ['source'], parts: (block, path) => [readImage(block.source, `${path}.source`)] },
  ],
  [
    'document',
    { keys: ['source'], parts: (block, path) => readDocument(block.source, `${path}.source`) },
  ],
  ['search_result', { keys: ['title', 'source', 'content'], parts: readSearchResult }],
  [
    'thinking',
    {
      keys: ['thinking', 'signature'],
      parts: (block, path) => [
        readThinking(
          stringAt(block.thinking, `${path}.thinking`),
          optional(block.signature, `${path}.signature`, stringAt),
          'anthropic-messages',
        ),
      ],
    },
  ],
  [
    'redacted_thinking',
    {
      keys: ['data'],
      parts: ({ data }, path) => [
        readRedacted(stringAt(data, `${path}.data`), 'anthropic-messages'),
      ],
    },
  ],
  [
    'tool_use',
    {
      keys: ['id', 'name', 'input'],
      parts: ({ id, name, input }, path) => [
        {
          type: 'tool-call',
          id: stringAt(id, `${path}.id`),
          name: stringAt(name, `${path}.name`),
          argumentsJson: JSON.stringify(objectAt(input ?? {}, `${path}.input`)),
        },
      ],
    },
  ],
  [
    'tool_result',
    {
      keys: ['tool_use_id', 'content', 'is_error'],
      parts: (block, path) => [readResult(block, path)],
    },
  ],
]);

function readResult(block: JsonObject, path: string): Part {
  const isError = optional(block.is_error, `${path}.is_error`, booleanAt);
  return {
    type: 'tool-result',
    callId: stringAt(block.tool_use_id, `${path}.tool_use_id`),
    content: optional(block.content, `${path}.content`, readInner) ?? [],
    ...(isError === undefined ? {} : { isError }),
  };
}

/** Content within a block: text, images, documents and search results. */
function readInner(value: unknown, path: string): readonly Part[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  return arrayAt(value, path).flatMap((item, i) => {
    const at = `${path}[${i}]`;
    const block = objectAt(item, at);
    const type = stringAt(block.type, `${at}.type`);
    const read = INNER.has(type) ? READERS.get(type) : undefined;
    // References to tools and whatever comes next are still told to the model.
    if (read === undefined) return [{ type: 'text', text: JSON.stringify(block) } as const];
    return read.parts(block, at);
  });
}

const INNER: ReadonlySet<string> = new Set(['text', 'image', 'document', 'search_result']);

function readImage(value: unknown, path: string): MediaPart {
  const source = objectAt(value, path);
  const media = readSource(source, path, 'image/*');
  if (media !== undefined) return media;
  throw mustBe(`${path}.type`, 'base64, url or file', source.type);
}

/** Text within a document becomes text: not every vendor takes text as a file. */
function readDocument(value: unknown, path: string): readonly Part[] {
  const source = objectAt(value, path);
  const media = readSource(source, path, 'application/pdf');
  if (media !== undefined) return [media];
  if (source.type === 'text') {
    return [{ type: 'text', text: stringAt(source.data, `${path}.data`) }];
  }
  if (source.type === 'content') return readInner(source.content, `${path}.content`);
  throw mustBe(`${path}.type`, 'base64, url, file, text or content', source.type);
}

function readSource(source: JsonObject, path: string, usual: string): MediaPart | undefined {
  switch (source.type) {
    case 'base64': {
      const mediaType = stringAt(source.media_type, `${path}.media_type`);
      const base64 = stringAt(source.data, `${path}.data`);
      return { type: 'media', mediaType, source: { base64 } };
    }
    case 'url':
      return {
        type: 'media',
        mediaType: usual,
        source: { url: stringAt(source.url, `${path}.url`) },
      };
    case 'file': {
      const fileId = stringAt(source.file_id, `${path}.file_id`);
      return { type: 'media', mediaType: usual, source: { fileId } };
    }
    default:
      return undefined;
  }
}

function readSearchResult(block: JsonObject, path: string): readonly Part[] {
  const head = [block.title, block.source].filter((one) => typeof one === 'string').join('\n');
  const content = arrayAt(block.content, `${path}.content`)
    .filter(isJsonObject)
    .map(({ text }) => (typeof text === 'string' ? text : ''));
  return [{ type: 'text', text: [head, ...content].join('\n') }];
}
