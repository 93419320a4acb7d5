import type { Command } from 'commander';
import { readConfig, requireInstance } from '../config-file.ts';
import type { HealthAnswer } from '../format-health.ts';
import { connectOrStart } from '../gateway-client.ts';
import { listingCommand, plainCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { problemLines, problemRows, problemsExitCode } from '../problem-rows.ts';
import { withPlugins } from '../set-up-plugins.ts';
import { createPrinter, table } from '../terminal.ts';

/** `cliproxy plugins list|check`. */
export function pluginsCommand(): Command {
  return plainCommand('plugins', { example: 'cliproxy plugins list' })
    .addCommand(listCommand())
    .addCommand(checkCommand());
}

function listCommand(): Command {
  return listingCommand('list', {
    description: 'list the configured plugins and their state',
    example: 'cliproxy plugins list --json',
  }).action(async (options: CommonOptions) => {
    const printer = createPrinter(options.json);
    const client = await connectOrStart(await readConfig(options.config), printer);
    try {
      const { plugins } = (await client.get('/v1/health')) as HealthAnswer;
      const rows = plugins.map(({ instanceId, state, package: name, version, accounts }) => ({
        instance: instanceId,
        state,
        package: name,
        // One that was not looked at, or not found, has none.
        ...(version !== '' && { version }),
        accounts: accounts.length,
      }));
      printer.result(
        rows,
        table([
          ['INSTANCE', 'STATE', 'PACKAGE', 'VERSION', 'ACCOUNTS'],
          ...rows.map(({ instance, state, package: name, version, accounts }) => [
            instance,
            state,
            name,
            version ?? '-',
            state === 'disabled' ? '-' : String(accounts),
          ]),
        ]),
      );
    } finally {
      await client.close();
    }
  });
}

function checkCommand(): Command {
  return listingCommand('check', {
    description: 'set every enabled plugin up, without opening a port, and say what is wrong',
    example: 'cliproxy plugins check llmux-claude',
  })
    .argument('[instance]', 'only this one, as under "plugins:"')
    .action(async (instance: string | undefined, options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      if (instance !== undefined) requireInstance(config, instance);
      if (
        config.settings.kernel.plugins.some((one) => one.instanceId === instance && !one.enabled)
      ) {
        const why = `${instance} is disabled and was not checked`;
        printer.result({ ok: true, disabled: true, problems: [] }, why);
        return;
      }
      const found = await withPlugins(config, async (_gateway, { problems }) =>
        problems.filter(({ instanceId }) => instance === undefined || instanceId === instance),
      );
      const ok = found.length === 0;
      const what = instance === undefined ? 'every enabled plugin' : instance;
      printer.result(
        { ok, problems: problemRows(found, config) },
        ok ? `ok: ${what} can be set up` : problemLines(found, config),
      );
      if (!ok) process.exitCode = problemsExitCode(found);
    });
}
