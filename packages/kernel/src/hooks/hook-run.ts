import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { HookBody } from '@cliproxy/plugin-api';
import type { IngressCall } from '../dispatch/ingress-call.ts';
import type { InstanceFaults } from '../faults/instance-faults.ts';
import type { ClientRequest, EventStage } from '../ports/dialects.ts';
import type { RequestFinished } from '../ports/event-sink.ts';
import type { AccountChoice, Candidate } from '../routing/plan.ts';
import { HookCallView } from './hook-call.ts';
import type { ChainLink, HookChain } from './hook-chain.ts';
import {
  hookFailed,
  hookFault,
  hookName,
  hookOut,
  hookVetoed,
  isRefusal,
  thrownName,
} from './hook-fault.ts';
import { hookRecord } from './hook-record.ts';
import { HookStage } from './hook-stage.ts';
import type { StageLink } from './hook-stage.ts';
import type { RecordLines } from './record-lines.ts';
import { changedBody } from './sound-body.ts';

/** A client's request under way, as its hooks need it. */
export interface HookedFlight {
  readonly call: IngressCall;
  /** True: nobody wants it any more. */
  readonly over: boolean;
  /** Waits for a promise, but no longer than that and than the flight itself. */
  within<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined>;
}

/** What a {@link HookRun} works with. */
export interface HookRunOptions {
  readonly chain: HookChain;
  readonly flight: HookedFlight;
  readonly lines: RecordLines;
  readonly faults: InstanceFaults;
  /** How long one call of `onRequest` or `onAttempt` may take. Default 5 s. */
  readonly limitMs?: number;
}

const LIMIT_MS = 5_000;
const NO_BODY: HookBody = Object.freeze({});

/** The hooks of one client request, from its beginning to its record. */
export class HookRun {
  readonly #chain: HookChain;
  readonly #flight: HookedFlight;
  readonly #lines: RecordLines;
  readonly #faults: InstanceFaults;
  readonly #limitMs: number;
  readonly #views: readonly HookCallView[];
  /** The body as the hooks have left it. */
  #body: HookBody = NO_BODY;

  constructor({ chain, flight, lines, faults, limitMs = LIMIT_MS }: HookRunOptions) {
    this.#chain = chain;
    this.#flight = flight;
    this.#lines = lines;
    this.#faults = faults;
    this.#limitMs = limitMs;
    const states = new Map(chain.instances.map((instance) => [instance, {}]));
    this.#views = chain.links.map(
      (link) => new HookCallView(flight.call, link, states.get(link.instance) ?? {}),
    );
    for (const instance of chain.instances) instance.enter();
  }

  /** True: attempts must be asked for. */
  get asksBeforeAttempts(): boolean {
    return this.#chain.onAttempt;
  }

  /**
   * Lets the hooks see the request.
   *
   * @returns what is to be answered from here on.
   * @throws GatewayError what a hook refuses it with; `PLUGIN_HOOK_FAILED`; `CLIENT_UNSUPPORTED`,
   *   `CLIENT_BAD_REQUEST` for a body that can't be shown.
   */
  async onRequest(): Promise<ClientRequest> {
    const { request } = this.#flight.call;
    const { readsBody, encodesAnew, links, onRequest } = this.#chain;
    const original = readsBody ? this.#bodyOf(request) : NO_BODY;
    this.#body = original;
    if (onRequest) {
      for (const [at, link] of links.entries()) {
        const { hook, needsBody } = link;
        if (hook.onRequest === undefined) continue;
        const seen = needsBody ? this.#body : NO_BODY;
        const changed = await this.#ask(
          at,
          'onRequest',
          (view) => hook.onRequest?.(view, seen),
          (value) => changedBody(seen, value),
        );
        if (this.#flight.over) return request;
        if (changed !== undefined && needsBody) this.#body = changed;
      }
    }
    if (!encodesAnew) return request;
    return request.withBody(this.#body === original ? undefined : this.#body);
  }

  /**
   * Asks the hooks before an attempt.
   *
   * @param number - 1 for the first attempt.
   * @returns what is to be sent; an error: a hook keeps the request away from the target.
   * @throws GatewayError as {@link HookRun.onRequest}.
   */
  async onAttempt(
    candidate: Candidate,
    choice: AccountChoice,
    number: number,
  ): Promise<IngressCall | GatewayError> {
    const { call } = this.#flight;
    const { instanceId, upstreamModel: model } = candidate;
    const attempt = { instanceId, accountLabel: choice.handle.account.label, model, number };
    let body = this.#body;
    for (const [at, link] of this.#chain.links.entries()) {
      const { hook, needsBody } = link;
      if (hook.onAttempt === undefined) continue;
      const seen = needsBody ? body : NO_BODY;
      const verdict = await this.#ask(
        at,
        'onAttempt',
        (view) => hook.onAttempt?.({ ...attempt, ...seen }, view),
        (value) => vetoOf(link, value) ?? changedBody(seen, value),
      );
      if (this.#flight.over) return call;
      if (isGatewayError(verdict)) return verdict;
      if (verdict !== undefined && needsBody) body = verdict;
    }
    return body === this.#body ? call : { ...call, request: call.request.withBody(body) };
  }

  /**
   * An answer begins.
   *
   * @returns what changes its events; undefined: nothing does.
   * @throws GatewayError `PLUGIN_HOOK_FAILED`
   */
  stage(): EventStage | undefined {
    const links: StageLink[] = [];
    for (const link of this.#chain.events) {
      const found = this.#transformOf(link);
      if (found !== undefined) links.push(found);
    }
    if (links.length === 0) return undefined;
    return new HookStage(links, (link, what, cause, lost) => {
      this.#fault(link, what, cause);
      if (lost || link.hook.onFailure === 'refuse') throw hookFailed(link, what, cause);
    });
  }

  /** The request is over. @param finished - absent: it was never told. */
  end(finished: RequestFinished | undefined): void {
    const { links, instances } = this.#chain;
    const listeners = links.filter(({ hook }) => hook.onComplete !== undefined);
    for (const view of this.#views) view.abort();
    let owed = 1;
    const over = (): void => {
      owed -= 1;
      if (owed > 0) return;
      for (const instance of instances) instance.leave();
    };
    if (finished !== undefined && listeners.length > 0) {
      const record = hookRecord(finished);
      owed += listeners.length;
      for (const link of listeners) {
        this.#lines.add(link, record, this.#viewOf(link), over);
      }
    }
    over();
  }

  /** One hook's answer, checked; undefined: nothing, or it failed and the request goes on without it. */
  async #ask<T>(
    at: number,
    name: string,
    ask: (view: HookCallView) => unknown,
    check: (value: object) => T | string,
  ): Promise<T | undefined> {
    const link = this.#chain.links[at] as ChainLink;
    const view = this.#views[at] as HookCallView;
    if (this.#isOut(link)) return undefined;
    try {
      const given = ask(view);
      let value = given;
      if (isThenable(given)) {
        const waited = Promise.resolve(given).then((it: unknown) => ({ it }));
        const came = await this.#flight.within(waited, this.#limitMs);
        if (came === undefined) {
          view.abort();
          if (this.#flight.over) return undefined;
          this.#failed(link, `is not done with ${name} within ${this.#limitMs} ms`);
          return undefined;
        }
        value = came.it;
      }
      if (value === undefined) {
        this.#faults.noteSuccess(link.instance.id);
        return undefined;
      }
      if (typeof value !== 'object' || value === null) {
        this.#failed(link, `gave junk in ${name}`);
        return undefined;
      }
      const checked = check(value);
      if (typeof checked !== 'string') {
        this.#faults.noteSuccess(link.instance.id);
        return checked;
      }
      this.#failed(link, `${checked}, in ${name}`);
    } catch (thrown) {
      if (isRefusal(thrown)) throw thrown;
      this.#failed(link, `threw ${thrownName(thrown)} in ${name}`, thrown);
    }
    return undefined;
  }

  /**
   * Whether it has failed so often that it is left alone.
   *
   * @throws GatewayError `PLUGIN_HOOK_FAILED` where nothing passes without it.
   */
  #isOut(link: ChainLink): boolean {
    const outage = this.#faults.outage(link.instance.id);
    if (outage === undefined) return false;
    if (link.hook.onFailure === 'refuse') throw hookOut(link, outage);
    return true;
  }

  /** @throws GatewayError `PLUGIN_HOOK_FAILED` where nothing passes without it. */
  #failed(link: ChainLink, what: string, cause?: unknown): void {
    this.#fault(link, what, cause);
    if (link.hook.onFailure === 'refuse') throw hookFailed(link, what, cause);
  }

  #fault(link: ChainLink, what: string, cause?: unknown): void {
    const { requestId } = this.#flight.call;
    const error = hookFault(link, what, cause);
    this.#faults.note({ instanceId: link.instance.id, where: 'hook', error, requestId });
  }

  #transformOf(link: ChainLink): StageLink | undefined {
    let transform: unknown;
    if (this.#isOut(link)) return undefined;
    try {
      transform = link.hook.onEvents?.(this.#viewOf(link));
    } catch (thrown) {
      if (isRefusal(thrown)) throw thrown;
      this.#failed(link, `threw ${thrownName(thrown)} in onEvents`, thrown);
      return undefined;
    }
    if (transform === undefined) return undefined;
    if (isTransform(transform)) return { link, transform };
    this.#failed(link, 'gave no transform of events in onEvents');
    return undefined;
  }

  #viewOf(link: ChainLink): HookCallView {
    return this.#views[this.#chain.links.indexOf(link)] as HookCallView;
  }

  #bodyOf(request: ClientRequest): HookBody {
    try {
      return request.body();
    } catch (thrown) {
      const reader = this.#chain.links.find(({ needsBody }) => needsBody);
      if (reader === undefined || !isGatewayError(thrown)) throw thrown;
      if (thrown.code !== 'CLIENT_UNSUPPORTED') throw thrown;
      const message = `${hookName(reader)} must read the request: ${thrown.message}`;
      const { failure } = thrown;
      throw new GatewayError(thrown.code, message, failure === undefined ? {} : { failure });
    }
  }
}

function vetoOf(link: ChainLink, value: object): GatewayError | string | undefined {
  if (!('veto' in value)) return undefined;
  const { veto } = value;
  if (typeof veto !== 'string' || veto === '') return 'gave a veto without a reason';
  return hookVetoed(link, veto.slice(0, MAX_REASON_CHARS));
}

const MAX_REASON_CHARS = 300;

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function isTransform(value: unknown): value is StageLink['transform'] {
  try {
    if (typeof value !== 'object' || value === null) return false;
    const { push, end } = value as Readonly<Record<string, unknown>>;
    return typeof push === 'function' && (end === undefined || typeof end === 'function');
  } catch {
    return false;
  }
}
