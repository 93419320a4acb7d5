import type { Image, ToolChoice } from '../conversation.ts';

/** What a vendor was asked, in nobody's words. Read by other code than that which wrote it. */
export interface Seen {
  /** What stands in the vendor's slot for system text, in order. */
  readonly system: readonly string[];
  readonly lines: readonly SeenLine[];
  readonly tools: readonly { readonly name: string; readonly schema: unknown }[];
  readonly toolChoice: ToolChoice | undefined;
  /** False where at most one call is allowed. */
  readonly parallelTools: boolean | undefined;
  /** What the answer's form must be. */
  readonly schema: unknown;
  readonly thinking: 'on' | 'off' | undefined;
  readonly maxTokens: number | undefined;
}

/** A piece of the conversation; how they are grouped in turns is the vendor's own affair. */
export type SeenLine =
  | { readonly by: 'system' | 'user' | 'assistant'; readonly text: string }
  | { readonly by: 'user'; readonly image: Image }
  | { readonly by: 'assistant'; readonly call: string; readonly arguments: unknown }
  | { readonly by: 'assistant'; readonly thought: string; readonly signature: string | undefined }
  /** `of`: the name of the tool, found by the id of its call. */
  | { readonly by: 'tool'; readonly of: string; readonly output: string };

/** The name of the tool whose call a result belongs to. */
export function calledAs(names: ReadonlyMap<string, string>, id: string): string {
  const name = names.get(id);
  if (name === undefined) throw new Error(`a result refers to ${id}, which nobody called`);
  return name;
}

/** An image by its address, which may hold the image itself. */
export function imageAt(address: string): Image {
  const inside = 'data:image/png;base64,';
  return address.startsWith(inside) ? { png: address.slice(inside.length) } : { url: address };
}

/** Arguments as they were written; a model may have written no JSON. */
export function argumentsOf(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json;
  }
}
