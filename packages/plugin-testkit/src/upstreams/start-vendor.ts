import type http from 'node:http';
import type { Dialect } from '@cliproxy/plugin-api';
import { strikes } from '../fault.ts';
import type { Fault } from '../fault.ts';
import { startLoopbackServer } from '../loopback-server.ts';
import { anthropicMessages } from './anthropic-messages/anthropic-messages.ts';
import { AnswerQueue } from './answer-queue.ts';
import { checkKey } from './credentials.ts';
import { Exchange } from './exchange.ts';
import { gemini } from './gemini/gemini.ts';
import { openaiChat } from './openai-chat/openai-chat.ts';
import { openaiResponses } from './openai-responses/openai-responses.ts';
import { faulty } from './faulty-answer.ts';
import { Refusal, demand } from './refusal.ts';
import { isObject } from './shape.ts';
import { vendorContext } from './vendor-api.ts';
import type { Route, VendorApi, VendorContext } from './vendor-api.ts';
import type { Vendor, VendorOptions, VendorRequest } from './vendor.ts';

const APIS: Readonly<Record<Dialect, (context: VendorContext) => VendorApi>> = {
  'anthropic-messages': anthropicMessages,
  gemini,
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
};

/**
 * Starts a strict fake of a vendor's API on a free port of 127.0.0.1. A request that the vendor would
 * refuse is answered with the vendor's own error, and told in `violations`.
 *
 * @param dialect - the wire format to speak.
 */
export async function startVendor(dialect: Dialect, options: VendorOptions = {}): Promise<Vendor> {
  const api = APIS[dialect](vendorContext(options));
  const running = new RunningVendor(api, options);
  const { url, close } = await startLoopbackServer((incoming, outgoing) =>
    running.serve(incoming, outgoing),
  );
  return {
    url: url + api.basePath,
    requests: running.requests,
    violations: running.violations,
    script: (...answers) => running.answers.script(answers),
    fault: (fault) => void (running.fault = fault),
    close,
  };
}

/** What arrived, and what is answered. */
class RunningVendor {
  readonly requests: VendorRequest[] = [];
  readonly violations: string[] = [];
  readonly answers = new AnswerQueue();
  fault: Fault | undefined;
  readonly #api: VendorApi;
  readonly #options: VendorOptions;

  constructor(api: VendorApi, options: VendorOptions) {
    this.#api = api;
    this.#options = options;
  }

  async serve(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://vendor');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const exchange = new Exchange(this.#api, outgoing);
    this.requests.push(recorded(incoming, url, text, exchange));
    try {
      const route = this.#routeOf(incoming, url);
      this.#checkSecrets(incoming, text);
      checkKey(incoming.headers, url.searchParams, this.#api.keyHeaders, this.#options.apiKey);
      await this.#answer(route, incoming, url.searchParams, text, exchange);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const fault = this.#api.refuse(error);
      this.violations.push(`${incoming.method} ${url.pathname}: ${fault.message}`);
      await exchange.fail(fault);
    }
  }

  #routeOf({ method = '' }: http.IncomingMessage, url: URL): Route {
    const { basePath } = this.#api;
    const path = url.pathname;
    const route = path.startsWith(`${basePath}/`)
      ? this.#api.route(method, path.slice(basePath.length), url.searchParams)
      : undefined;
    if (route === undefined) throw new Refusal('found', [], `no such route: ${method} ${path}`);
    return route;
  }

  #checkSecrets(incoming: http.IncomingMessage, text: string): void {
    const all = [incoming.url, ...incoming.rawHeaders, text].join('\n');
    const found = this.#options.secrets?.some((secret) => all.includes(secret)) === true;
    demand(!found, [], "a secret that must not leave the gateway arrived: a client's credential");
  }

  async #answer(
    route: Route,
    { headers }: http.IncomingMessage,
    query: URLSearchParams,
    text: string,
    exchange: Exchange,
  ): Promise<void> {
    const { models = ['model-1'] } = this.#options;
    const isAnswer = route.operation !== 'models' && route.operation !== 'model';
    const fault = strikes(this.fault, isAnswer) ? this.fault : undefined;
    if (fault?.kind === 'latency') await exchange.pause(fault.ms);
    if (!isAnswer && fault?.kind === 'garbage') return exchange.garbage('whole');
    if (!isAnswer && fault?.kind === 'status') return exchange.fail(fault);
    if (route.operation === 'models') return exchange.json(this.#api.models(models));
    if (route.model !== undefined) this.#checkModel(route.model);
    if (route.operation === 'model') return exchange.json(this.#api.model(route.model ?? ''));
    const type = headers['content-type'] ?? '';
    demand(
      /^application\/json\s*(;|$)/iu.test(type),
      [],
      `the content type must be application/json, but it is '${type}'`,
    );
    const asked = this.#api.accept(route, { headers, query, body: parsed(text) });
    this.#checkModel(asked.model);
    if (fault?.kind === 'garbage') return exchange.garbage(asked.framing);
    const answer = faulty(this.answers.next(route.operation), fault);
    if ('error' in answer) return exchange.failAsTold(answer.error, asked);
    // A token for about four characters, as vendors say in their guides.
    const tokens = Math.ceil(text.length / 4);
    if (route.operation === 'count') {
      const count = 'tokens' in answer ? answer.tokens : tokens;
      return exchange.json(this.#api.count?.(count) ?? {});
    }
    if (route.operation === 'embed') {
      const vectors = 'vectors' in answer ? answer.vectors : [[0.25, -0.5]];
      return exchange.json(this.#api.vectors?.(vectors, asked, tokens) ?? {});
    }
    if ('parts' in answer) return exchange.say(answer, asked);
  }

  #checkModel(model: string): void {
    if (this.#options.models?.includes(model) === false) {
      throw new Refusal('found', ['model'], `the model '${model}' does not exist`);
    }
  }
}

function parsed(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal('rule', [], 'we could not parse the JSON body of your request');
  }
  demand(isObject(body), [], 'the body must be a JSON object');
  return body;
}

function recorded(
  { method = '', headers }: http.IncomingMessage,
  { pathname, search, searchParams }: URL,
  text: string,
  exchange: Exchange,
): VendorRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Told by the checks.
  }
  return {
    method,
    url: pathname + search,
    path: pathname,
    query: searchParams,
    headers,
    body,
    get aborted() {
      return exchange.wasLeft;
    },
    get writtenBytes() {
      return exchange.writtenBytes;
    },
    closed: exchange.closed,
  };
}
