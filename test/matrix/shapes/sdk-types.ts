// What the values that the gateway writes must be, in the words of the vendors' SDKs. Compiled with
// the values of a run beside it; see `type-check.ts`.
import type Anthropic from '@anthropic-ai/sdk';
import type * as Google from '@google/genai';
import type OpenAI from 'openai';

/**
 * As it travels: enums are their strings, what the SDKs add to an answer isn't there, and what may
 * be null may be left out, as the vendors themselves do.
 *
 * @typeParam Unset - what stands in the place of an optional value that isn't set.
 * @typeParam Left - further keys that may be left out.
 */
type OnTheWire<T, Unset = never, Left extends PropertyKey = never> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? OnTheWire<Item, Unset, Left>[]
    : T extends object
      ? {
          [Key in keyof T as Key extends Omissible<T> | Left ? never : Key]:
            OnTheWire<T[Key], Unset, Left> | (undefined extends T[Key] ? Unset : never);
        } & {
          [Key in keyof T as Key extends Omissible<T> | Left ? Key : never]?: OnTheWire<
            T[Key],
            Unset,
            Left
          >;
        }
      : T;

/** The last are those that an SDK works out from the rest, or that only hosted tools need. */
type Omissible<T> =
  | { [Key in keyof T]: null extends T[Key] ? Key : never }[keyof T]
  | 'output_text'
  | '_request_id'
  | 'caller';

type ComputedByGoogle =
  | 'text'
  | 'data'
  | 'functionCalls'
  | 'executableCode'
  | 'codeExecutionResult'
  | 'initialPromptTokenCount'
  | 'sdkHttpResponse';

export interface Written {
  'openai-chat request': OpenAI.ChatCompletionCreateParams;
  'openai-chat answer': OpenAI.ChatCompletion;
  'openai-chat event': OpenAI.ChatCompletionChunk;
  'openai-chat error': OpenAiError;
  // OpenAI asks for no id of an assistant's message that it didn't keep.
  'openai-responses request': OnTheWire<OpenAI.Responses.ResponseCreateParams, never, 'id'>;
  'openai-responses answer': OnTheWire<OpenAI.Responses.Response, null>;
  'openai-responses event': OnTheWire<OpenAI.Responses.ResponseStreamEvent, null>;
  'openai-responses error': OpenAiError | OpenAI.Responses.ResponseErrorEvent;
  'anthropic-messages request': Anthropic.MessageCreateParams;
  'anthropic-messages answer': OnTheWire<Anthropic.Message>;
  'anthropic-messages event': OnTheWire<Anthropic.RawMessageStreamEvent> | { type: 'ping' };
  'anthropic-messages error': Anthropic.ErrorResponse & { error: { gateway_code?: string } };
  'gemini request': OnTheWire<GeminiRequest>;
  'gemini answer': OnTheWire<GeminiAnswer>;
  'gemini event': OnTheWire<GeminiAnswer>;
  'gemini error': GeminiError;
}

/** The SDK reads these, but has no type for them. */
interface OpenAiError {
  error: {
    message: string;
    type: string;
    param: string | null;
    code: string | null;
    gateway_code?: string;
    request_id?: string;
  };
}

interface GeminiError {
  error: {
    code: number;
    message: string;
    status: string;
    details?: ({ '@type': string } & Record<string, unknown>)[];
  };
}

/** The SDK's own types put `config` in the place of most of it. */
interface GeminiRequest {
  contents: Google.Content[];
  systemInstruction?: Google.Content;
  tools?: Google.Tool[];
  toolConfig?: Google.ToolConfig;
  generationConfig?: Google.GenerationConfig;
  safetySettings?: Google.SafetySetting[];
}

type GeminiAnswer = Omit<Google.GenerateContentResponse, ComputedByGoogle>;

interface ReasoningDetail {
  type: 'reasoning.text' | 'reasoning.encrypted';
  text?: string;
  signature?: string;
  data?: string;
  index: number;
}

interface CallSignature {
  google: { thought_signature: string };
}

/** What the gateway says in Chat beyond it: reasoning, and signatures. */
declare module 'openai/resources/chat/completions/completions' {
  interface ChatCompletionMessage {
    reasoning_content?: string;
    reasoning_details?: ReasoningDetail[];
  }
  interface ChatCompletionAssistantMessageParam {
    reasoning_content?: string;
    reasoning_details?: ReasoningDetail[];
  }
  interface ChatCompletionMessageFunctionToolCall {
    extra_content?: CallSignature;
  }
  // eslint-disable-next-line @typescript-eslint/no-namespace -- as the SDK's own types are made
  namespace ChatCompletionChunk.Choice {
    interface Delta {
      reasoning_content?: string;
      reasoning_details?: ReasoningDetail[];
    }
    // eslint-disable-next-line @typescript-eslint/no-namespace -- see above
    namespace Delta {
      interface ToolCall {
        extra_content?: CallSignature;
      }
    }
  }
}

/** What OpenAI's documentation shows, though the SDK has no type for it, and our code of an error. */
declare module 'openai/resources/responses/responses' {
  interface Response {
    store?: boolean;
  }
  interface ResponseFunctionCallArgumentsDoneEvent {
    name?: string;
  }
  interface ResponseError {
    gateway_code?: string;
    request_id?: string;
  }
}
