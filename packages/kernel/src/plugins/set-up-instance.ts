import { setMaxListeners } from 'node:events';
import { GatewayError, isGatewayError } from '@cliproxy/plugin-api';
import type { Logger, Supervisor } from '@cliproxy/plugin-api';
import { InstanceAccounts } from '../accounts/instance-accounts.ts';
import type { Container } from '../di/container.ts';
import { instanceContainer, resolveDeps } from '../di/instance-container.ts';
import { tokens } from '../di/tokens.ts';
import { AllowedHosts } from '../http/allowed-hosts.ts';
import { bareDoor } from '../http/http-door.ts';
import type { OnFault } from '../faults/instance-faults.ts';
import { loadIsolated } from '../isolation/load-isolated.ts';
import type { Problem } from '../ports/problem.ts';
import type { SecretRegistry } from '../ports/secret-registry.ts';
import { allowedNames } from '../supervisor/child-environment.ts';
import type { InstanceChildren } from '../supervisor/instance-children.ts';
import { boundedLogger } from './bounded-logger.ts';
import { readContributions } from './contributions.ts';
import { Disposer } from './disposer.ts';
import { type LoadedPlugin, lookInto } from './import-plugin.ts';
import { pointerStep } from './json-pointer.ts';
import { type InstanceParts, LiveInstance } from './live-instance.ts';
import type { PluginPackage } from './manifest.ts';
import { type InstancePlan, instanceProblem, type PluginSource } from './plan-instances.ts';
import { deepFreeze } from './plain-json.ts';
import { isOutOfTime, within } from './within.ts';
import { writeOnlyStrings } from './write-only.ts';

/** How long set-up and each release may take, in milliseconds. */
export interface SetUpLimits {
  readonly importMs: number;
  readonly setupMs: number;
  readonly startMs: number;
  readonly stopMs: number;
}

/**
 * Makes an instance from its plan: imports the plugin, checks its configuration, gives it its
 * services, runs `setup`, and checks what that returned. Never rejects: what goes wrong leaves the
 * instance `failed`, with everything released that it had.
 */
export async function setUpInstance(
  plan: InstancePlan,
  kernel: Container,
  limits: SetUpLimits,
): Promise<LiveInstance> {
  const { instanceId, enabled } = plan.settings;
  const faults = kernel.get(tokens.faults);
  const onFault: OnFault = (where, error, what) =>
    faults.note({ instanceId, where, error, ...(what === undefined ? {} : { what }) });
  const logger = boundedLogger(
    kernel.get(tokens.loggers).logger(instanceId),
    kernel.get(tokens.clock),
    (what) => onFault('log', what),
  );
  if (!enabled) return new LiveInstance(plan, 'disabled', { logger, onFault });
  const secrets = kernel.get(tokens.secrets);
  const failed = (problems: readonly Problem[]): LiveInstance =>
    new LiveInstance(plan, 'failed', {
      logger,
      onFault,
      problems: problems.map((problem) => masked(problem, secrets)),
    });
  if (plan.source === undefined || plan.package === undefined) return failed(plan.problems);
  const name = `plugin "${instanceId}" (${plan.package.name} ${plan.package.version})`;
  let plugin: LoadedPlugin | undefined;
  if ('folder' in plan.source) faults.noteHome(instanceId, plan.source.folder);
  try {
    plugin = await load({ ...plan, source: plan.source, package: plan.package }, name, kernel, {
      logger,
      limits,
    });
    const { config, problems } = readConfig(plan, plugin, kernel, name);
    if (problems.length > 0) {
      await plugin.end?.();
      return failed(problems);
    }
    const parts = await setUp(
      { instanceId, package: plan.package, plugin, config, logger, limits, onFault },
      kernel,
    );
    return new LiveInstance(plan, 'starting', { logger, onFault, parts });
  } catch (error) {
    await plugin?.end?.();
    return failed([asProblem(error, instanceId, name, 'setup')]);
  }
}

/** Plugins throw what they were given, keys included; a problem is printed and shown as it is. */
export function masked(problem: Problem, secrets: SecretRegistry): Problem {
  return { ...problem, message: secrets.mask(problem.message) };
}

/** Says what a plugin threw or did not finish, as a problem that names it. */
export function asProblem(
  error: unknown,
  instanceId: string,
  name: string,
  step: 'setup' | 'start',
): Problem {
  if (isOutOfTime(error)) {
    const message = `${name}: ${step} is ${messageOf(error)}`;
    return instanceProblem(instanceId, 'PLUGIN_TIMEOUT', message, error);
  }
  if (isGatewayError(error)) {
    const message = error.message.includes(instanceId)
      ? error.message
      : `${name}: ${error.message}`;
    return instanceProblem(instanceId, error.code, message, error.cause ?? error);
  }
  const message = `${name}: ${step} threw: ${messageOf(error)}`;
  return instanceProblem(instanceId, 'PLUGIN_SETUP_FAILED', message, error);
}

/** A plan of which enough is known to load its plugin. */
interface SoundPlan extends InstancePlan {
  readonly source: PluginSource;
  readonly package: PluginPackage;
}

async function load(
  plan: SoundPlan,
  name: string,
  kernel: Container,
  rest: { readonly logger: Logger; readonly limits: SetUpLimits },
): Promise<LoadedPlugin> {
  const { source, settings } = plan;
  if ('plugin' in source) return lookInto(source.plugin, name);
  if (settings.isolation === 'process') {
    return loadIsolated(
      { name, file: source.file, settings, package: plan.package, ...rest },
      kernel,
    );
  }
  return kernel.get(tokens.importer).load(source.file, name);
}

function readConfig(
  plan: InstancePlan,
  plugin: LoadedPlugin,
  kernel: Container,
  name: string,
): { readonly config: unknown; readonly problems: readonly Problem[] } {
  const { instanceId, config } = plan.settings;
  const pointer = `/plugins/${pointerStep(instanceId)}/config`;
  const secrets = kernel.get(tokens.secrets);
  // Before the check: its messages may repeat a value.
  for (const value of writeOnlyStrings(plugin.schema, config)) secrets.add(value);
  let checked;
  try {
    checked = kernel.get(tokens.checker).check(plugin.schema, config ?? {}, pointer);
  } catch (error) {
    throw new GatewayError(
      'PLUGIN_BAD_CONTRIBUTION',
      `${name}: its configuration schema can't be used: ${messageOf(error)}`,
      { cause: error },
    );
  }
  for (const value of writeOnlyStrings(plugin.schema, checked.value)) secrets.add(value);
  deepFreeze(checked.value);
  const problems = checked.problems.map((problem) => ({
    ...problem,
    message: problem.message.includes(instanceId) ? problem.message : `${name}: ${problem.message}`,
    code: problem.code === 'CONFIG_INVALID' ? 'PLUGIN_BAD_CONFIG' : problem.code,
    instanceId,
  }));
  return { config: checked.value, problems };
}

interface SetUpWork {
  readonly instanceId: string;
  readonly package: PluginPackage;
  readonly plugin: LoadedPlugin;
  readonly config: unknown;
  readonly logger: Logger;
  readonly limits: SetUpLimits;
  readonly onFault: OnFault;
}

async function setUp(work: SetUpWork, kernel: Container): Promise<InstanceParts> {
  const { instanceId, plugin, config, logger, limits, onFault } = work;
  const { manifest } = work.package;
  const pools = kernel.get(tokens.pools);
  const hosts = new AllowedHosts({
    instanceId,
    packageName: work.package.name,
    hosts: manifest.permissions.hosts,
    config,
  });
  const lane = pools.open();
  const accounts = new InstanceAccounts({
    instanceId,
    hosts,
    pools,
    logger,
    clock: kernel.get(tokens.clock),
    secrets: kernel.get(tokens.secrets),
    store: kernel.get(tokens.credentials),
    onFault,
    onLogin: kernel.get(tokens.loginNews),
  });
  const http = bareDoor(lane, hosts);
  const { childProcess, env } = manifest.permissions;
  const allowed = allowedNames(env, config);
  const children = kernel.get(tokens.supervisor).instance({ instanceId, http, logger, allowed });
  const container = instanceContainer(kernel, {
    http,
    accounts: accounts.registry,
    ...(childProcess ? { supervisor: childrenService(children) } : {}),
  });
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const disposer = new Disposer(onFault, limits.stopMs);
  // The last to go: what is released before it may need it.
  disposer.add(() => plugin.end?.());
  disposer.add(() => lane.destroy());
  disposer.add(() => container.dispose());
  disposer.add(() => accounts.retire());
  disposer.add(() => children.end());
  try {
    const deps = resolveDeps(container, plugin.deps, instanceId);
    const context = Object.freeze({
      pluginId: manifest.id,
      instanceId,
      config,
      logger,
      signal: ending.signal,
      onDispose: (release: unknown) => disposer.add(asRelease(release, instanceId)),
    });
    // What comes after the time is up needs no release of its own: the disposer, which has run by
    // then, releases at once whatever is registered late.
    const returned = await within(limits.setupMs, () => plugin.setup(context, deps));
    const { contributions, faults } = readContributions(returned, manifest);
    if (contributions === undefined) {
      throw new GatewayError(
        'PLUGIN_BAD_CONTRIBUTION',
        `what setup returned can't be used: ${faults.join('; ')}`,
      );
    }
    accounts.configure(contributions.authenticators, contributions.accounts);
    await accounts.restore();
    return { schema: plugin.schema, contributions, accounts, children, ending, disposer };
  } catch (error) {
    ending.abort(new Error(`plugin instance "${instanceId}" could not be set up`));
    await disposer.dispose();
    throw error;
  }
}

/** What the plugin sees of its children; the rest is the host's. */
function childrenService(children: InstanceChildren): Supervisor {
  return Object.freeze<Supervisor>({
    start: (spec) => children.start(spec),
    restart: (name) => children.restart(name),
    stop: (name) => children.stop(name),
  });
}

function asRelease(release: unknown, instanceId: string): () => void | Promise<void> {
  if (typeof release === 'function') return release as () => void | Promise<void>;
  throw new GatewayError(
    'PLUGIN_BAD_CONTRIBUTION',
    `plugin "${instanceId}": onDispose needs a function`,
  );
}

function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  return String(error.message);
}
