import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import type { CommandConfig } from '../config-file.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { clientKeys, fileMode, nodeVersion, portFree } from '../findings/machine.ts';
import type { Finding } from '../findings/finding.ts';
import { needFindings } from '../findings/needs.ts';
import { pluginFinding } from '../findings/plugin.ts';
import type { HealthAnswer } from '../format-health.ts';
import { findGateway } from '../gateway-client.ts';
import type { GatewayClient } from '../gateway-client.ts';
import { allNeeds } from '../needs/plugin-needs.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { problemLines } from '../problem-rows.ts';
import { withPlugins } from '../set-up-plugins.ts';
import { createPrinter } from '../terminal.ts';

/** How long the probes of all plugins may take. */
const PROBES_MS = 30_000;

/** `cliproxy doctor`: looks for what is wrong with the machine, the configuration and the plugins. */
export function doctorCommand(): Command {
  return listingCommand('doctor', { example: 'cliproxy doctor' }).action(
    async (options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const findings = await examine(options.config);
      printer.result(
        findings,
        findings
          .map(({ check, result, detail }) => `${result.padEnd(7)}  ${check}: ${detail}`)
          .join('\n'),
      );
      const failed = findings.filter(({ result }) => result === 'failed');
      if (failed.length === 0) return;
      const onlyConfig = failed.every(({ check }) => check === 'configuration');
      process.exitCode = onlyConfig ? EXIT.config : EXIT.failed;
    },
  );
}

async function examine(given: string | undefined): Promise<readonly Finding[]> {
  const node = nodeVersion(process.versions.node);
  let config: CommandConfig;
  try {
    config = await readConfig(given);
  } catch (error) {
    return [node, failure('configuration', error)];
  }
  const { client } = await findGateway(config);
  return [
    node,
    { check: 'configuration', result: 'ok', detail: config.file },
    await fileMode(config.file),
    clientKeys(config.settings.server),
    ...(client === undefined
      ? [await portFree(config.settings.server), ...(await setUp(config))]
      : await ask(client)),
    ...(await allNeeds(config)).flatMap(needFindings),
  ];
}

/** The running gateway's own view. */
async function ask(client: GatewayClient): Promise<readonly Finding[]> {
  try {
    const {
      version,
      process: { pid },
      plugins,
    } = (await client.get('/v1/health/deep')) as HealthAnswer;
    return [
      { check: 'gateway', result: 'ok', detail: `running, version ${version}, PID ${pid}` },
      ...plugins.map(pluginFinding),
    ];
  } catch (error) {
    return [failure('gateway', error)];
  }
}

/** Without a running gateway: sets the plugins up, asks their probes, and ends them again. */
function setUp(config: CommandConfig): Promise<readonly Finding[]> {
  return withPlugins(config, async (gateway, { applied, problems }) => {
    const plugins = applied
      ? (await gateway.kernel.checkHealth(AbortSignal.timeout(PROBES_MS))).plugins
      : [];
    return [
      ...problems.map((problem): Finding => ({
        check: problem.instanceId === undefined ? 'plugins' : `plugin ${problem.instanceId}`,
        result: 'failed',
        detail: problemLines([problem], config),
      })),
      ...plugins.filter(({ state }) => state !== 'failed').map(pluginFinding),
    ];
  });
}

function failure(check: string, error: unknown): Finding {
  if (error instanceof CommandError) return { check, result: 'failed', detail: error.message };
  throw error;
}
