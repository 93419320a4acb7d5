/** Width and height in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Bytes of a file that are looked at; JPEG may hold a preview before its size. */
const HEAD_BYTES = 256 * 1024;

/**
 * Reads an image's size out of its head: PNG, JPEG, GIF or WebP. Undefined for what is none of
 * them, or broken.
 */
export function imageSize(base64: string): ImageSize | undefined {
  const head = Buffer.from(base64.slice(0, Math.ceil((HEAD_BYTES * 4) / 3)), 'base64');
  try {
    const size = sizeIn(head);
    return size === undefined || size.width < 1 || size.height < 1 ? undefined : size;
  } catch {
    // A head that ends too early.
    return undefined;
  }
}

function sizeIn(head: Buffer): ImageSize | undefined {
  if (head.readUInt32BE(0) === 0x89504e47) {
    return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
  }
  if (head.readUInt16BE(0) === 0xffd8) return jpegSize(head);
  const kind = head.toString('latin1', 0, 4);
  if (kind === 'GIF8') return { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
  return kind === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP' ? webpSize(head) : undefined;
}

/** Walks the segments to the frame's, which are C0 to CF but for three. */
function jpegSize(head: Buffer): ImageSize | undefined {
  for (let at = 2; head.readUInt8(at) === 0xff; at += 2 + head.readUInt16BE(at + 2)) {
    const marker = head.readUInt8(at + 1);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: head.readUInt16BE(at + 7), height: head.readUInt16BE(at + 5) };
    }
  }
  return undefined;
}

/** @see https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(head: Buffer): ImageSize | undefined {
  switch (head.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = head.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}
