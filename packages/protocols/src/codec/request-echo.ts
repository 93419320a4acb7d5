import type { JsonObject } from '../model/json-object.ts';

/** What an answer repeats of the client's request, in dialects that do so. */
export interface RequestEcho {
  /** Members of every answer. */
  readonly fields: JsonObject;
  /** Members by which the client knows a tool in its calls, where the name alone is not enough. */
  readonly calls: ReadonlyMap<string, JsonObject>;
}
