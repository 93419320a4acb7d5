/** A file of a form. */
export interface UploadedFile {
  readonly name: string;
  readonly text: string;
}

/** The files that a `multipart/form-data` body holds under `files`; as RFC 7578 has it, without frills. */
export function uploadedFiles(contentType: string, body: Buffer): readonly UploadedFile[] {
  const [, boundary] = /^multipart\/form-data;\s*boundary=([^;\s]+)$/iu.exec(contentType) ?? [];
  if (boundary === undefined) return [];
  const [, ...parts] = `\r\n${body.toString()}`.split(`\r\n--${boundary}`);
  return parts.slice(0, -1).flatMap((part) => {
    const at = part.indexOf('\r\n\r\n');
    const [, name] = /;\s*name="files";\s*filename="([^"]+)"/iu.exec(part.slice(0, at)) ?? [];
    return name === undefined ? [] : [{ name, text: part.slice(at + 4) }];
  });
}
