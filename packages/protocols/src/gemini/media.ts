import type { Dialect, MediaPart } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { optional, stringAt, unsupported } from '../openai-chat/field-path.ts';
import { foreignFile } from '../openai-chat/refusals.ts';

/**
 * Reads `inlineData`.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function readBlob(blob: JsonObject, path: string): MediaPart {
  return {
    type: 'media',
    mediaType: stringAt(blob.mimeType, `${path}.mimeType`).toLowerCase(),
    source: { base64: stringAt(blob.data, `${path}.data`) },
  };
}

/**
 * Reads `fileData`: a file kept by the vendor, or an address of the web.
 *
 * @throws GatewayError `CLIENT_BAD_REQUEST`, naming the field by its path.
 */
export function readFile(file: JsonObject, path: string): MediaPart {
  const uri = stringAt(file.fileUri, `${path}.fileUri`);
  const mediaType = optional(file.mimeType, `${path}.mimeType`, stringAt)?.toLowerCase();
  const isKept = KEPT.test(uri) || !/^https?:/i.test(uri);
  return {
    type: 'media',
    mediaType: mediaType ?? (YOUTUBE.test(uri) ? 'video/*' : 'application/octet-stream'),
    source: isKept ? { fileId: uri } : { url: uri },
  };
}

/** Addresses of files that were uploaded to the vendor. */
const KEPT = /^https:\/\/(?:generativelanguage|storage)\.googleapis\.com\//i;
/** The one site whose pages the API opens by itself. */
const YOUTUBE = /^https?:\/\/(?:www\.|m\.)?(?:youtube\.com|youtu\.be)\//i;

/**
 * Writes media as a part.
 *
 * @param from - the client's dialect: files are the vendor's own in this one alone.
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what the API can't get at.
 */
export function writeMedia({ mediaType, source }: MediaPart, from: Dialect): JsonObject {
  if ('base64' in source) {
    return { inlineData: { mimeType: mimeOf(mediaType, source.base64), data: source.base64 } };
  }
  if ('fileId' in source) {
    if (from !== 'gemini') throw foreignFile(from);
    return { fileData: { ...mimeMember(mediaType), fileUri: source.fileId } };
  }
  if (from === 'gemini' || YOUTUBE.test(source.url)) {
    return { fileData: { ...mimeMember(mediaType), fileUri: source.url } };
  }
  throw unsupported(
    wishNames.mediaUrl[from],
    'names media that the target does not fetch; send the data itself, as base64 or a data: URL',
  );
}

function mimeMember(mediaType: string): JsonObject {
  const isVague = mediaType.endsWith('/*') || mediaType === 'application/octet-stream';
  return isVague ? {} : { mimeType: mediaType };
}

/** What clients call types that the API knows under another name. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['audio/mpeg', 'audio/mp3'],
  ['audio/x-wav', 'audio/wav'],
  ['audio/wave', 'audio/wav'],
  ['image/jpg', 'image/jpeg'],
]);

/** How data begins whose type the client did not say. */
const BEGINNINGS: readonly (readonly [string, string])[] = [
  ['iVBOR', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lG', 'image/gif'],
  ['UklG', 'image/webp'],
  ['JVBERi', 'application/pdf'],
];

function mimeOf(mediaType: string, base64: string): string {
  const type = mediaType.toLowerCase().replace(/;.*$/, '').trim();
  const isVague = type.endsWith('/*') || type === 'application/octet-stream';
  const found = isVague ? BEGINNINGS.find(([start]) => base64.startsWith(start)) : undefined;
  return found?.[1] ?? NAMES.get(type) ?? type;
}
