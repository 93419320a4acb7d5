import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type {
  Socket,
  SocketAdmission,
  SocketEndpoint,
  SocketHead,
  SocketTicket,
} from '@cliproxy/plugin-api';
import { pluginFault } from '../dispatch/failure-of.ts';
import { isOwnFault } from '../faults/own-fault.ts';
import type { PluginInstance } from '../plugins/plugin-instance.ts';
import { isOutOfTime, within } from '../plugins/within.ts';
import type { AdmittedSocket, IssuedSocketTicket, SocketPlace, Sockets } from './sockets.ts';

/** What a {@link SocketDesk} works with. */
export interface SocketDeskOptions {
  instances(): readonly PluginInstance[];
  /** How long a plugin may think about a connection or a ticket. Default 10 s. */
  readonly admitMs?: number;
}

const TICKET = /^[\x21-\x7e]{1,500}$/;

/** A connection that an instance serves. */
interface Held {
  readonly instance: PluginInstance;
  readonly path: string;
  readonly grant: string | undefined;
  readonly socket: Socket;
  readonly leaving: AbortController;
}

/**
 * Leads connections to the instances that serve their paths, and follows them when instances are
 * replaced: who holds a grant that counts no more is cut off at once, others end their work with the
 * former generation.
 */
export class SocketDesk implements Sockets {
  readonly #options: SocketDeskOptions;
  readonly #held = new Set<Held>();
  #instances: readonly PluginInstance[] | undefined;

  constructor(options: SocketDeskOptions) {
    this.#options = options;
  }

  at(path: string): SocketPlace | undefined {
    const found = this.#find(path);
    if (found === undefined) return undefined;
    const { instance, endpoint } = found;
    return {
      instanceId: instance.id,
      origins: endpoint.origins,
      maxMessageBytes: endpoint.maxMessageBytes,
      admit: (head) => this.#admit(instance, endpoint, head),
    };
  }

  async ticket(instanceId: string): Promise<IssuedSocketTicket> {
    const instance = this.#options.instances().find(({ id }) => id === instanceId);
    const endpoint = instance?.sockets.find((one) => one.issueTicket !== undefined);
    if (endpoint === undefined) throw this.#noTickets(instanceId);
    let issued: SocketTicket | undefined;
    try {
      issued = await within(this.#limitMs, () => endpoint.issueTicket?.());
    } catch (error) {
      throw asRefusal(error, instanceId, 'gave a ticket');
    }
    if (!isTicket(issued)) throw pluginFault(instanceId, 'gave junk in the place of a ticket');
    const { ticket, expiresAtMs } = issued;
    return { path: endpoint.path, ticket, expiresAtMs };
  }

  /** Looks after what is open once instances may have changed. */
  review(): void {
    const instances = this.#options.instances();
    // Accounts come and go far more often than instances.
    if (instances === this.#instances) return;
    this.#instances = instances;
    for (const held of this.#held) {
      if (instances.includes(held.instance)) continue;
      if (!this.#stillGranted(held)) held.socket.close(1008, 'the credential counts no more');
      held.leaving.abort(new Error(`plugin instance "${held.instance.id}" was replaced`));
    }
  }

  get #limitMs(): number {
    return this.#options.admitMs ?? 10_000;
  }

  #noTickets(instanceId: string): GatewayError {
    const able = this.#options
      .instances()
      .filter(({ sockets }) => sockets.some((one) => one.issueTicket !== undefined));
    const names = able.map(({ id }) => id).join(', ');
    return new GatewayError(
      'AUTH_TICKET_UNSUPPORTED',
      `"${instanceId}" gives no tickets to connect with; ${names === '' ? 'no running plugin does' : `these do: ${names}`}`,
    );
  }

  #find(
    path: string,
  ): { readonly instance: PluginInstance; readonly endpoint: SocketEndpoint } | undefined {
    for (const instance of this.#options.instances()) {
      const endpoint = instance.sockets.find((one) => one.path === path);
      if (endpoint !== undefined) return { instance, endpoint };
    }
    return undefined;
  }

  #stillGranted({ path, grant, instance }: Held): boolean {
    const next = this.#find(path);
    // Removed or failed: nobody can say that the grant counts.
    if (next?.instance.id !== instance.id) return false;
    if (grant === undefined) return true;
    try {
      return next.endpoint.holds?.(grant) ?? true;
    } catch {
      return false;
    }
  }

  async #admit(
    instance: PluginInstance,
    endpoint: SocketEndpoint,
    head: SocketHead,
  ): Promise<AdmittedSocket> {
    let admission: SocketAdmission;
    try {
      admission = await within(this.#limitMs, () => endpoint.admit(head));
    } catch (error) {
      throw noted(asRefusal(error, instance.id, 'decided on a connection'), instance);
    }
    if (!isAdmission(admission)) {
      const what = 'let a connection in without saying who serves it';
      throw noted(pluginFault(instance.id, what), instance);
    }
    const { protocol } = admission;
    if (protocol !== undefined && !head.protocols.includes(protocol)) {
      throw noted(pluginFault(instance.id, 'chose a subprotocol that was not offered'), instance);
    }
    return {
      protocol,
      serve: (socket) => this.#serve(instance, endpoint.path, admission, socket),
    };
  }

  async #serve(
    instance: PluginInstance,
    path: string,
    admission: SocketAdmission,
    socket: Socket,
  ): Promise<void> {
    const leaving = new AbortController();
    const held: Held = { instance, path, grant: admission.grant, socket, leaving };
    const end = (): void => socket.close(1001, 'the gateway serves this no more');
    instance.ended.addEventListener('abort', end, { once: true });
    this.#held.add(held);
    try {
      if (instance.ended.aborted) end();
      // It was replaced while it was being admitted.
      else if (!this.#options.instances().includes(instance)) socket.close(1012, 'come again');
      else await admission.accept(socket, leaving.signal);
      socket.close(1000, '');
    } catch (error) {
      instance.onFault('socket', error, 'it served a connection');
      socket.close(1011, 'the plugin failed');
    } finally {
      this.#held.delete(held);
      instance.ended.removeEventListener('abort', end);
    }
  }
}

function noted(error: GatewayError, { onFault }: PluginInstance): GatewayError {
  if (isOwnFault(error)) onFault('socket', error);
  return error;
}

function isAdmission(value: unknown): value is SocketAdmission {
  return (
    typeof value === 'object' &&
    value !== null &&
    'accept' in value &&
    typeof value.accept === 'function'
  );
}

function isTicket(value: SocketTicket | undefined): value is SocketTicket {
  const { ticket, expiresAtMs } = (value ?? {}) as Partial<Record<keyof SocketTicket, unknown>>;
  return typeof ticket === 'string' && TICKET.test(ticket) && Number.isFinite(expiresAtMs);
}

/** @param did - what the plugin was asked for, as past. */
function asRefusal(error: unknown, instanceId: string, did: string): GatewayError {
  if (isGatewayError(error)) return error;
  if (isOutOfTime(error)) {
    const message = `plugin "${instanceId}" took too long while it ${did}`;
    return new GatewayError('PLUGIN_TIMEOUT', message, { cause: error });
  }
  return pluginFault(instanceId, `threw while it ${did}`, error);
}
