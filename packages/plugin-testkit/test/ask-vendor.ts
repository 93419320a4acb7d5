import type { Vendor } from '../src/upstreams/vendor.ts';

/** What a vendor said. */
export interface VendorReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- looked into by tests
}

/** Posts a body as it is: without the care that an SDK takes. */
export async function askVendor(
  vendor: Vendor,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: unknown,
): Promise<VendorReply> {
  const reply = await fetch(vendor.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await reply.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // A stream, a page or garbage.
  }
  return { status: reply.status, headers: reply.headers, text, json };
}
