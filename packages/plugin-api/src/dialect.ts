/**
 * A wire format that vendors and clients speak. Each is the request, response, stream and error
 * format of one vendor's HTTP API for text generation.
 */
export type Dialect = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini';

/**
 * What a request asks a model to do. `embed` is OpenAI's embeddings body and is offered under the
 * dialect `openai-chat`.
 */
export type Operation = 'generate' | 'count-tokens' | 'embed';
