import { GatewayError, services } from '@cliproxy/plugin-api';
import type { AccountRegistry, HttpClient, Supervisor } from '@cliproxy/plugin-api';
import type { Container } from './container.ts';
import { tokens } from './tokens.ts';

/** What one plugin instance is served with. */
export interface InstanceServices {
  readonly http: HttpClient;
  readonly accounts: AccountRegistry;
  /** Absent: its manifest does not ask for child processes. */
  readonly supervisor?: Supervisor;
}

/** Makes the container of one plugin instance: the services that its `deps` can name. */
export function instanceContainer(kernel: Container, given: InstanceServices): Container {
  const container = kernel.child();
  container.provide(services.http, () => given.http);
  container.provide(services.accounts, () => given.accounts);
  container.provide(services.address, (from) => from.get(tokens.address));
  const { supervisor } = given;
  if (supervisor !== undefined) container.provide(services.supervisor, () => supervisor);
  container.provide(services.clock, (from) => {
    const clock = from.get(tokens.clock);
    return Object.freeze({ now: () => clock.now() });
  });
  return container;
}

const OFFERED = Object.values(services).map((ref) => ref.id);

/**
 * Looks up the services that a plugin's `deps` name. Only what the instance's own container
 * provides can be had: the kernel's insides can't, whatever the id.
 *
 * @throws GatewayError `PLUGIN_BAD_CONTRIBUTION` naming the dependency.
 */
export function resolveDeps(
  container: Container,
  deps: unknown,
  instanceId: string,
): Readonly<Record<string, unknown>> {
  if (deps === undefined) return Object.freeze({});
  if (typeof deps !== 'object' || deps === null) {
    throw refusal(instanceId, '`deps` must be an object of service refs');
  }
  const found: Record<string, unknown> = {};
  for (const [name, ref] of Object.entries(deps)) {
    const id: unknown = (ref as { readonly id?: unknown } | undefined)?.id;
    if (typeof id !== 'string') throw refusal(instanceId, `deps.${name} is not a service ref`);
    if (id === services.supervisor.id && !container.has(id)) {
      throw refusal(
        instanceId,
        `deps.${name} asks for "${id}": the manifest must say permissions.childProcess: true`,
      );
    }
    if (!container.has(id)) {
      throw refusal(
        instanceId,
        `deps.${name} asks for "${id}", which this gateway does not offer (it offers ` +
          `${OFFERED.join(', ')}); leave it out, or install a gateway that has it`,
      );
    }
    found[name] = container.get({ id });
  }
  return Object.freeze(found);
}

function refusal(instanceId: string, what: string): GatewayError {
  return new GatewayError('PLUGIN_BAD_CONTRIBUTION', `plugin "${instanceId}": ${what}`);
}
