import type { JsonObject } from '../model/json-object.ts';

/** A request body in a dialect, and what must be remembered to read its answer. */
export interface EncodedBody {
  /** Follows the vendor SDK's base URL. */
  readonly path: string;
  readonly body: JsonObject;
  /** Client parameters that could not be expressed, by the client's name for them. */
  readonly ignored: readonly string[];
  /** Tool names that had to be changed: the name sent → the client's name. */
  readonly toolNames: ReadonlyMap<string, string>;
  /** Names, as sent, of free-text tools that had to be sent as functions. */
  readonly customTools?: ReadonlySet<string>;
  /** Names of tools' parameters that had to be changed, likewise. */
  readonly parameterNames?: ReadonlyMap<string, string>;
}
