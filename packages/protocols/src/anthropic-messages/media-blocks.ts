import type { Dialect, MediaPart } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { unsupported } from '../openai-chat/field-path.ts';
import { foreignFile } from '../openai-chat/refusals.ts';

/**
 * A picture or a document as a block.
 *
 * @param from - the client's dialect: ids of files are the vendor's own in this one alone.
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what the API has no block for.
 */
export function mediaBlock(part: MediaPart, from: Dialect): JsonObject {
  const { source } = part;
  const mediaType = part.mediaType.toLowerCase().replace(/;.*$/, '').trim();
  const isImage = mediaType.startsWith('image/');
  if ('fileId' in source && from !== 'anthropic-messages') throw foreignFile(from);
  if (!isImage && mediaType !== 'application/pdf' && !mediaType.startsWith('text/')) {
    const problem = `holds ${mediaType}, which the target does not take`;
    throw unsupported(wishNames.conversation[from], problem);
  }
  const type = isImage ? 'image' : 'document';
  if ('fileId' in source) return { type, source: { type: 'file', file_id: source.fileId } };
  if ('url' in source) return { type, source: { type: 'url', url: source.url } };
  if (isImage) {
    const media_type = imageType(mediaType, source.base64, from);
    return { type, source: { type: 'base64', media_type, data: source.base64 } };
  }
  if (mediaType === 'application/pdf') {
    return { type, source: { type: 'base64', media_type: mediaType, data: source.base64 } };
  }
  const data = Buffer.from(source.base64, 'base64').toString();
  return { type, source: { type: 'text', media_type: 'text/plain', data } };
}

/** How the data of each image type that the API takes begins. */
const BEGINNINGS: readonly (readonly [string, string])[] = [
  ['iVBOR', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lG', 'image/gif'],
  ['UklG', 'image/webp'],
];

function imageType(declared: string, base64: string, from: Dialect): string {
  const named = declared === 'image/jpg' ? 'image/jpeg' : declared;
  if (BEGINNINGS.some(([, type]) => type === named)) return named;
  const found = BEGINNINGS.find(([beginning]) => base64.startsWith(beginning));
  if (found !== undefined) return found[1];
  throw unsupported(
    wishNames.conversation[from],
    `holds an image of type ${declared}; the target takes image/png, image/jpeg, image/gif and image/webp`,
  );
}

/** Media that a model answered with: answers of the dialect have no block for it, so they say so. */
export function mediaInWords({ mediaType }: MediaPart): string {
  return `(The model answered with ${mediaType}, which this API can't show.)`;
}
