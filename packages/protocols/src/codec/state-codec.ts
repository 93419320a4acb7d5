import type { KeptState } from '@cliproxy/kernel';
import type { ModelRequest } from '@cliproxy/plugin-api';
import type { JsonObject } from '../model/json-object.ts';

/** What a dialect's vendor keeps for later requests. */
export interface StateCodec {
  /**
   * What a request goes on from; undefined where it brings everything with it.
   *
   * @param fields - the top level of its body; large values may be missing.
   */
  namedIn(fields: JsonObject): KeptState | undefined;
  /**
   * The name of what a request holds but by reference, so that nobody else can do without it;
   * undefined where it brings everything with it.
   */
  referredIn(request: ModelRequest): string | undefined;
  /** Whether the answer to a request is kept. */
  keeps(fields: JsonObject): boolean;
  /** By which id a whole answer is kept. */
  idOf(body: JsonObject): string | undefined;
  /** The same for a stream: asked of its first frames, until one tells it. */
  idInFrame(frame: Buffer): string | undefined;
  /** Whether a body may refer to items of earlier answers. */
  mayRefer(bytes: Buffer): boolean;
  /**
   * Puts items in the place of references to them; undefined where none is found.
   *
   * @param find - the item of an id; undefined: it is not kept here.
   */
  withItems(body: JsonObject, find: (id: string) => JsonObject | undefined): JsonObject | undefined;
}
