import type { Dialect, MediaPart } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { fieldError, mustBe, optional, stringAt, unsupported } from '../openai-chat/field-path.ts';
import { audioFormat, fromDataUrl, readDetail } from '../openai-chat/media.ts';
import { foreignFile } from '../openai-chat/refusals.ts';

/** Reads an `input_image` part. */
export function decodeImage(part: JsonObject, path: string): MediaPart {
  const fileId = optional(part.file_id, `${path}.file_id`, stringAt);
  const looked = readDetail(part.detail, `${path}.detail`);
  if (fileId !== undefined) {
    return { type: 'media', mediaType: 'image/*', source: { fileId }, ...looked };
  }
  const at = `${path}.image_url`;
  const url = stringAt(part.image_url, at);
  if (url.startsWith('data:')) return { ...fromDataUrl(url, at), ...looked };
  if (!/^https?:\/\//i.test(url)) throw mustBe(at, 'an https: or data: URL', url);
  return { type: 'media', mediaType: 'image/*', source: { url }, ...looked };
}

/** Reads an `input_file` part. */
export function decodeFile(part: JsonObject, path: string): MediaPart {
  const fileId = optional(part.file_id, `${path}.file_id`, stringAt);
  const name = optional(part.filename, `${path}.filename`, stringAt) ?? '';
  const fallback = /\.pdf$/i.test(name) ? 'application/pdf' : 'application/octet-stream';
  if (fileId !== undefined) return { type: 'media', mediaType: fallback, source: { fileId } };
  const url = optional(part.file_url, `${path}.file_url`, stringAt);
  if (url !== undefined) {
    if (!/^https?:\/\//i.test(url)) throw mustBe(`${path}.file_url`, 'an https: URL', url);
    return { type: 'media', mediaType: 'application/pdf', source: { url } };
  }
  if (part.file_data === undefined || part.file_data === null) {
    throw fieldError(path, 'must have file_data, file_url or file_id');
  }
  const data = stringAt(part.file_data, `${path}.file_data`);
  if (data.startsWith('data:')) return fromDataUrl(data, `${path}.file_data`);
  return { type: 'media', mediaType: fallback, source: { base64: data } };
}

/**
 * Writes media as an input part.
 *
 * @param from - the client's dialect: ids of files are the vendor's own in this one alone.
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what the dialect has no part for.
 */
export function encodeMedia(part: MediaPart, from: Dialect): JsonObject {
  const { mediaType, source, detail = 'auto' } = part;
  const [kind = '', subtype = ''] = mediaType.split('/');
  const isImage = kind === 'image';
  if ('fileId' in source) {
    if (from !== 'openai-responses') throw foreignFile(from);
    const { fileId: file_id } = source;
    return isImage ? { type: 'input_image', file_id, detail } : { type: 'input_file', file_id };
  }
  if ('url' in source) {
    if (isImage) return { type: 'input_image', image_url: source.url, detail };
    if (kind === 'application' || kind === 'text') {
      return { type: 'input_file', file_url: source.url };
    }
    const problem = `names ${mediaType}; the target takes URLs of images and documents`;
    throw unsupported(wishNames.mediaUrl[from], problem);
  }
  const { base64 } = source;
  if (kind === 'text') {
    return { type: 'input_text', text: Buffer.from(base64, 'base64').toString() };
  }
  const dataUrl = `data:${mediaType};base64,${base64}`;
  if (isImage) return { type: 'input_image', image_url: dataUrl, detail };
  if (kind === 'audio') {
    const format = audioFormat(subtype);
    if (format !== undefined) {
      return { type: 'input_audio', input_audio: { data: base64, format } };
    }
  } else if (kind === 'application') {
    // The vendor wants a name beside the data; a client's own name is put back over this one.
    const extension = subtype === 'octet-stream' ? 'bin' : subtype.replace(/[^\w.-]/g, '');
    return { type: 'input_file', filename: `file.${extension}`, file_data: dataUrl };
  }
  throw unsupported(
    wishNames.conversation[from],
    `holds ${mediaType}; the target takes images, wav, mp3 and files`,
  );
}
