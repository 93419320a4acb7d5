import type { Dialect } from '@cliproxy/plugin-api';
import type { RequestEcho } from './request-echo.ts';

/** What a decoder of answers needs to know about the request. */
export interface DecodeContext {
  /** `<instance>/<model>`: the origin of opaque parts. */
  readonly origin: string;
  readonly toolNames: ReadonlyMap<string, string>;
  /** See {@link EncodedBody.customTools}: their calls are unwrapped. */
  readonly customTools?: ReadonlySet<string> | undefined;
  /** See {@link EncodedBody.parameterNames}: calls come back under the client's. */
  readonly parameterNames?: ReadonlyMap<string, string> | undefined;
}

/** What an encoder of answers needs to know about the client. */
export interface AnswerContext {
  /** The model's name, as the client asked for it. */
  readonly model: string;
  /** Seconds since 1970. */
  readonly createdS: number;
  /** The dialect's own prefix not included; letters and digits. Used where the upstream gave no id. */
  readonly id: string;
  /** The client asked for a stream's usage (Chat's `stream_options.include_usage`). */
  readonly includeUsage: boolean;
  /** Dialect that the upstream spoke, or undefined for events: whose opaque parts are native. */
  readonly upstream: Dialect | undefined;
  /** See {@link RequestCodec.echo}. */
  readonly echo?: RequestEcho;
  /** Keeps an item, given as JSON, by its id: the client may send it back by reference. */
  readonly keep?: (id: string, item: string) => void;
}
