/** Exactly these bytes, to be saved under this name, and kept by no cache. */
export function fileResponse(file: {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}): Response {
  return new Response(file.bytes, {
    headers: {
      'Cache-Control': 'private, no-store',
      'Content-Type': file.contentType,
      'Content-Length': String(file.bytes.byteLength),
      'Content-Disposition': `attachment; filename="${file.filename}"`,
    },
  });
}
