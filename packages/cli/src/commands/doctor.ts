import { stat } from 'node:fs/promises';
import net from 'node:net';
import { createGateway } from '@cliproxy/gateway';
import type { LoadedConfig } from '@cliproxy/config';
import type { Command } from 'commander';
import { configFile, problemLines, readConfig } from '../config-file.ts';
import { CommandError } from '../exit-codes.ts';
import type { HealthAnswer } from '../format-health.ts';
import { connect } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

/** One thing that was looked at. */
interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'warning' | 'failed';
  /** What was found, and what to do where it isn't `ok`. */
  readonly detail: string;
}

/** `cliproxy doctor`: looks for what is wrong with the machine, the configuration and the plugins. */
export function doctorCommand(): Command {
  return listingCommand('doctor', 'look for what is wrong, and say what to do').action(
    async (options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const findings = await examine(options.config);
      printer.result(
        findings,
        findings
          .map(({ check, result, detail }) => `${result.padEnd(7)}  ${check}: ${detail}`)
          .join('\n'),
      );
      if (findings.some(({ result }) => result === 'failed')) throw new CommandError('');
    },
  );
}

async function examine(given: string | undefined): Promise<readonly Finding[]> {
  const findings: Finding[] = [nodeVersion()];
  let config: LoadedConfig;
  try {
    config = await readConfig(given);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [...findings, { check: 'configuration', result: 'failed', detail: error.message }];
  }
  findings.push({ check: 'configuration', result: 'ok', detail: config.file });
  findings.push(await fileMode(given), clientKeys(config));
  const running = await connect(config);
  if (running === undefined) {
    findings.push(await portFree(config), ...(await setUp(config)));
  } else {
    const health = (await running.get('/v1/health/deep')) as HealthAnswer;
    findings.push({
      check: 'gateway',
      result: 'ok',
      detail: `running, version ${health.version}, PID ${health.process.pid}`,
    });
    findings.push(...health.plugins.map(pluginFinding));
  }
  return findings;
}

function nodeVersion(): Finding {
  const { node } = process.versions;
  const major = Number(node.split('.')[0]);
  return major >= 22
    ? { check: 'node', result: 'ok', detail: node }
    : {
        check: 'node',
        result: 'warning',
        detail: `${node} gets no security updates any more: use Node 22 or 24`,
      };
}

async function fileMode(given: string | undefined): Promise<Finding> {
  const file = configFile(given);
  const mode = (await stat(file)).mode & 0o777;
  if (process.platform === 'win32' || (mode & 0o077) === 0) {
    return {
      check: 'file mode',
      result: 'ok',
      detail: 'only its owner can read the configuration',
    };
  }
  return {
    check: 'file mode',
    result: 'warning',
    detail: `others can read ${file} (mode ${mode.toString(8)}), and keys may stand in it: chmod 600 ${file}`,
  };
}

function clientKeys({ settings }: LoadedConfig): Finding {
  const { apiKeys, adminKeys } = settings.server;
  const check = 'client keys';
  if (apiKeys.length === 0) {
    return {
      check,
      result: 'warning',
      detail: 'server.apiKeys is empty: every program on this machine can use the gateway',
    };
  }
  if (adminKeys.length === 0) {
    return {
      check,
      result: 'warning',
      detail: 'server.adminKeys is empty: explain and other operator routes are refused',
    };
  }
  return {
    check,
    result: 'ok',
    detail: `${apiKeys.length} for clients, ${adminKeys.length} for operators`,
  };
}

async function portFree({ settings }: LoadedConfig): Promise<Finding> {
  const { host, port } = settings.server;
  const fault = await new Promise<string | undefined>((resolve) => {
    const probe = net.createServer();
    probe.once('error', (error) => resolve(error.message));
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
  return fault === undefined
    ? { check: 'port', result: 'ok', detail: `${host}:${port} is free` }
    : {
        check: 'port',
        result: 'failed',
        detail: `${fault}: stop what uses it, or change server.port`,
      };
}

/** Without a running gateway: sets the plugins up, asks their probes, and ends them again. */
async function setUp(config: LoadedConfig): Promise<readonly Finding[]> {
  const gateway = createGateway({ ...config.settings, log: { level: 'error', format: 'auto' } });
  const { applied, problems } = await gateway.prepare();
  const health = applied
    ? await gateway.kernel.checkHealth(AbortSignal.timeout(30_000))
    : undefined;
  await gateway.kill();
  return [
    ...problems.map((problem): Finding => ({
      check: problem.instanceId ?? 'plugins',
      result: 'failed',
      detail: problemLines([problem], config),
    })),
    ...(health?.plugins.filter(({ state }) => state !== 'failed').map(pluginFinding) ?? []),
  ];
}

function pluginFinding({
  instanceId,
  state,
  status,
  accounts,
  problems,
}: HealthAnswer['plugins'][number]): Finding {
  const check = `plugin ${instanceId}`;
  if (state === 'disabled') return { check, result: 'ok', detail: 'disabled' };
  if (state === 'needs-login') {
    return { check, result: 'warning', detail: 'has no account: add a key to its configuration' };
  }
  const details = [
    ...problems,
    ...accounts.flatMap(({ label, probes }) =>
      probes
        .filter((probe) => probe.status !== 'up')
        .map(
          (probe) =>
            `${label}: ${probe.probe} is ${probe.status}${probe.detail === undefined ? '' : `, ${probe.detail}`}`,
        ),
    ),
  ];
  const sick = status === 'down' || details.length > 0;
  const result = state === 'failed' || status === 'down' ? 'failed' : sick ? 'warning' : 'ok';
  return {
    check,
    result,
    detail: details.length === 0 ? `${state}, ${status}` : details.join('; '),
  };
}
