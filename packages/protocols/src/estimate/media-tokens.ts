import type { Dialect, MediaPart } from '@cliproxy/plugin-api';
import { imageSize } from './image-size.ts';
import type { ImageSize } from './image-size.ts';
import { textTokens } from './text-tokens.ts';

/** Where nothing is known of an image: one of the usual size of screenshots and photographs. */
const USUAL_SIZE: ImageSize = { width: 1024, height: 1024 };
/** Per page, text and picture: the middle of what Anthropic tells. */
const PAGE_TOKENS = 2250;
/** Gemini's 32 tokens a second, of sound with 128 kbit a second. */
const SOUND_BYTES_PER_TOKEN = 500;

/**
 * About how many tokens an image, document or sound takes, by the rules that the vendors publish.
 *
 * @param dialect - the client's: its vendor's rule is the one that the client reckons with.
 * @see https://docs.anthropic.com/en/docs/build-with-claude/pdf-support
 * @see https://ai.google.dev/gemini-api/docs/tokens
 */
export function mediaTokens({ mediaType, source }: MediaPart, dialect: Dialect): number {
  const base64 = 'base64' in source ? source.base64 : undefined;
  if (mediaType.startsWith('image/')) {
    return imageTokens(
      (base64 === undefined ? undefined : imageSize(base64)) ?? USUAL_SIZE,
      dialect,
    );
  }
  if (base64 === undefined) return PAGE_TOKENS;
  if (mediaType.startsWith('text/')) {
    return 1 + textTokens(Buffer.from(base64, 'base64').toString('utf8'));
  }
  const bytes = (base64.length * 3) / 4;
  if (mediaType === 'application/pdf') return PAGE_TOKENS * pagesOf(base64);
  return 1 + bytes / SOUND_BYTES_PER_TOKEN;
}

/**
 * - Anthropic: a token for each 750 pixels, of an image made to fit 1,568 pixels; 1,600 at most.
 * - Gemini: 258 for a small image, else for each tile of 768 pixels.
 * - OpenAI: 85, and 170 for each tile of 512 pixels, of an image made to fit 2,048 pixels and, on
 *   its shorter side, 768.
 *
 * @see https://docs.anthropic.com/en/docs/build-with-claude/vision
 * @see https://ai.google.dev/gemini-api/docs/image-understanding
 * @see https://platform.openai.com/docs/guides/images-vision
 */
function imageTokens(size: ImageSize, dialect: Dialect): number {
  switch (dialect) {
    case 'anthropic-messages': {
      const { width, height } = within(size, 1568);
      return Math.min(1600, Math.ceil((width * height) / 750));
    }
    case 'gemini':
      return size.width <= 384 && size.height <= 384 ? 258 : 258 * tiles(size, 768);
    case 'openai-chat':
    case 'openai-responses': {
      const fit = within(size, 2048);
      const shorter = Math.min(fit.width, fit.height);
      return 85 + 170 * tiles(shorter > 768 ? scaled(fit, 768 / shorter) : fit, 512);
    }
  }
}

function within(size: ImageSize, longest: number): ImageSize {
  const longer = Math.max(size.width, size.height);
  return longer > longest ? scaled(size, longest / longer) : size;
}

function scaled({ width, height }: ImageSize, by: number): ImageSize {
  return { width: Math.round(width * by), height: Math.round(height * by) };
}

function tiles({ width, height }: ImageSize, side: number): number {
  return Math.max(1, Math.ceil(width / side)) * Math.max(1, Math.ceil(height / side));
}

/** Pages that a PDF names; those inside compressed objects are not seen, so one at least. */
function pagesOf(base64: string): number {
  const text = Buffer.from(base64, 'base64').toString('latin1');
  return Math.max(1, text.match(/\/Type\s*\/Page(?![a-z])/g)?.length ?? 0);
}
