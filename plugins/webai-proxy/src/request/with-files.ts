import { isObject } from '../json-object.ts';
import type { JsonObject } from '../json-object.ts';
import { unsupported } from './unsupported.ts';

/** Pictures that WebAI-to-API takes as files, and the ends of their names, which it looks at. */
const PICTURE = /^data:image\/(png|jpeg|webp|gif);base64,/u;

/**
 * A message with its pictures as files: WebAI-to-API knows no parts besides text and file.
 *
 * @throws GatewayError `CLIENT_UNSUPPORTED` for pictures at an address, and other media.
 * @see https://github.com/Amm1rr/WebAI-to-API/blob/master/docs/api.md
 */
export function withFiles(message: JsonObject): JsonObject {
  const { content } = message;
  if (!Array.isArray(content)) return message;
  return { ...message, content: (content as readonly unknown[]).map(partAsFile) };
}

function partAsFile(part: unknown, index: number): unknown {
  if (!isObject(part)) return part;
  if (part['type'] === 'text') return { type: 'text', text: part['text'] };
  if (part['type'] === 'file') return part;
  const image = part['image_url'];
  const url = isObject(image) && typeof image['url'] === 'string' ? image['url'] : '';
  const [, type] = PICTURE.exec(url) ?? [];
  if (type === undefined) {
    throw unsupported(
      'WebAI-to-API takes pictures as data of PNG, JPEG, WebP or GIF, not by their address, and no ' +
        `other media: part ${index} of a message is none of these`,
    );
  }
  return { type: 'file', file: { filename: `image-${index}.${type}`, file_data: url } };
}
