/** What a service answers a chat with. */
export type WebaiAnswer =
  /** A text, in pieces. */
  | {
      readonly texts: readonly string[];
      /**
       * `done` (default): as the kind ends an answer. `cut`: the stream ends without what would end
       * it. `reset`: the connection breaks. `error`: the answer ends with an error inside it.
       */
      readonly ending?: 'done' | 'cut' | 'reset' | 'error';
      /** Each chunk tells all so far. */
      readonly growing?: boolean;
      /** No chunk has a finish_reason. */
      readonly withoutFinish?: boolean;
    }
  /** A call of a tool. */
  | {
      readonly call: {
        readonly name: string;
        readonly arguments: Readonly<Record<string, unknown>>;
      };
    }
  /** An error in the kind's own form. */
  | { readonly status: number; readonly message: string }
  /** What no kind would say. */
  | { readonly status: number; readonly contentType: string; readonly body: string };

/** A chat as it arrived. */
export interface WebaiChat {
  readonly model: string;
  readonly stream: boolean;
  /** The whole body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string | undefined;
}

/** The kinds of services. */
export type WebaiKind = 'webai' | 'legacy' | 'g4f' | 'plain';
