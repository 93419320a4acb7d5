import type { Dialect, MediaPart } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';
import { wishNames } from '../model/wish-names.ts';
import { fieldError, mustBe, objectAt, optional, stringAt, unsupported } from './field-path.ts';
import { foreignFile } from './refusals.ts';

/** Reads an `image_url` part. */
export function decodeImage(part: JsonObject, path: string): MediaPart {
  // Some clients write the URL where the object belongs.
  const image = typeof part.image_url === 'string' ? { url: part.image_url } : part.image_url;
  const urlPath = `${path}.image_url.url`;
  const { url: given, detail } = objectAt(image, `${path}.image_url`);
  const url = stringAt(given, urlPath);
  const looked = readDetail(detail, `${path}.image_url.detail`);
  if (url.startsWith('data:')) return { ...fromDataUrl(url, urlPath), ...looked };
  if (!/^https?:\/\//i.test(url)) {
    throw mustBe(urlPath, 'an https: or data: URL', url);
  }
  return { type: 'media', mediaType: 'image/*', source: { url }, ...looked };
}

/** Reads how closely to look at an image; `auto` is what holds anyway. */
export function readDetail(value: unknown, path: string): Pick<MediaPart, 'detail'> {
  const detail = optional(value, path, stringAt);
  return detail === undefined || detail === 'auto' ? {} : { detail };
}

/** Reads an `input_audio` part. */
export function decodeAudio(part: JsonObject, path: string): MediaPart {
  const audio = objectAt(part.input_audio, `${path}.input_audio`);
  const base64 = stringAt(audio.data, `${path}.input_audio.data`);
  const format = stringAt(audio.format, `${path}.input_audio.format`);
  if (!/^[\w.+-]{1,40}$/.test(format)) {
    throw mustBe(`${path}.input_audio.format`, 'a format such as wav or mp3', format);
  }
  const mediaType = format === 'mp3' ? 'audio/mpeg' : `audio/${format}`;
  return { type: 'media', mediaType, source: { base64 } };
}

/** Reads a `file` part. */
export function decodeFile(part: JsonObject, path: string): MediaPart {
  const file = objectAt(part.file, `${path}.file`);
  const fileId = optional(file.file_id, `${path}.file.file_id`, stringAt);
  if (fileId !== undefined) {
    return { type: 'media', mediaType: 'application/octet-stream', source: { fileId } };
  }
  const data = stringAt(file.file_data, `${path}.file.file_data`);
  if (data.startsWith('data:')) return fromDataUrl(data, `${path}.file.file_data`);
  const name = optional(file.filename, `${path}.file.filename`, stringAt) ?? '';
  const mediaType = /\.pdf$/i.test(name) ? 'application/pdf' : 'application/octet-stream';
  return { type: 'media', mediaType, source: { base64: data } };
}

/** Reads a `data:` URL. */
export function fromDataUrl(url: string, path: string): MediaPart {
  const comma = url.indexOf(',');
  if (comma === -1) throw fieldError(path, 'is a data: URL without a comma');
  const [mediaType = '', ...parameters] = url.slice('data:'.length, comma).split(';');
  const data = url.slice(comma + 1);
  const base64 = parameters.includes('base64') ? data : percentToBase64(data, path);
  return {
    type: 'media',
    mediaType: mediaType === '' ? 'text/plain' : mediaType.toLowerCase(),
    source: { base64 },
  };
}

function percentToBase64(data: string, path: string): string {
  try {
    return Buffer.from(decodeURIComponent(data)).toString('base64');
  } catch {
    throw fieldError(path, 'is a data: URL that is neither base64 nor percent-encoded');
  }
}

/**
 * Writes media as a content part of a user message.
 *
 * @param from - the client's dialect: ids of files are the vendor's own in this one alone.
 * @throws GatewayError `CLIENT_UNSUPPORTED` for what Chat has no part for.
 */
export function encodeMedia(part: MediaPart, from: Dialect): JsonObject {
  const { mediaType, source, detail } = part;
  const [kind = '', subtype = ''] = mediaType.split('/');
  const image = (url: string): JsonObject => ({
    type: 'image_url',
    image_url: detail === undefined ? { url } : { url, detail },
  });
  if ('fileId' in source) {
    if (from !== 'openai-chat') throw foreignFile(from);
    return { type: 'file', file: { file_id: source.fileId } };
  }
  if ('url' in source) {
    if (kind === 'image') return image(source.url);
    const problem = `names ${mediaType}; the target takes URLs of images alone`;
    throw unsupported(wishNames.mediaUrl[from], problem);
  }
  if (kind === 'text') {
    return { type: 'text', text: Buffer.from(source.base64, 'base64').toString() };
  }
  const dataUrl = `data:${mediaType};base64,${source.base64}`;
  if (kind === 'image') return image(dataUrl);
  if (kind === 'audio') {
    const format = audioFormat(subtype);
    if (format !== undefined) {
      return { type: 'input_audio', input_audio: { data: source.base64, format } };
    }
  } else if (kind === 'application') {
    // OpenAI wants a name beside the data; a client's own name is put back over this one.
    const extension = subtype === 'octet-stream' ? 'bin' : subtype.replace(/[^\w.-]/g, '');
    return { type: 'file', file: { file_data: dataUrl, filename: `file.${extension}` } };
  }
  throw unsupported(
    wishNames.conversation[from],
    `holds ${mediaType}; the target takes images, wav, mp3 and files`,
  );
}

/** OpenAI's word for a subtype of `audio/`; undefined for those that it does not take. */
export function audioFormat(subtype: string): string | undefined {
  return Object.hasOwn(AUDIO_FORMATS, subtype) ? AUDIO_FORMATS[subtype] : undefined;
}

const AUDIO_FORMATS: Readonly<Record<string, string>> = {
  wav: 'wav',
  'x-wav': 'wav',
  wave: 'wav',
  mpeg: 'mp3',
  mp3: 'mp3',
};
