import type { Dialect, HeaderMap, HookCall, Operation } from '@cliproxy/plugin-api';
import type { IngressCall } from '../dispatch/ingress-call.ts';
import type { ChainLink } from './hook-chain.ts';

/** A client's request as one hook sees it. Signals are made only for those who ask for them. */
export class HookCallView implements HookCall {
  readonly requestId: string;
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly model: string;
  readonly stream: boolean;
  readonly sessionKey?: string;
  readonly client?: string;
  readonly headers?: HeaderMap;
  readonly state: Record<string, unknown>;
  #controller: AbortController | undefined;

  /** @param state - shared with the other hooks of its instance. */
  constructor(
    { requestId, request, client, headers }: IngressCall,
    { needsHeaders }: ChainLink,
    state: Record<string, unknown>,
  ) {
    const { dialect, operation, model, stream, sessionKey } = request.facts;
    this.requestId = requestId;
    this.dialect = dialect;
    this.operation = operation;
    this.model = model;
    this.stream = stream;
    this.state = state;
    if (sessionKey !== undefined) this.sessionKey = sessionKey;
    if (client !== undefined) this.client = client;
    if (needsHeaders) this.headers = headers;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  /** Tells the call that is under way that nobody waits for it; later ones get another signal. */
  abort(): void {
    this.#controller?.abort();
    this.#controller = undefined;
  }
}
