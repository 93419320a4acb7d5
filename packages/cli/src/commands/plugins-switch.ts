import type { Command } from 'commander';
import { editEnabled } from '@cliproxy/config';
import { instanceNamed, readConfig } from '../config-file.ts';
import { noAccount } from '../findings/plugin.ts';
import { runningGateway } from '../gateway-client.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { switchPlugin } from '../plugins/switch-plugin.ts';
import { createPrinter } from '../terminal.ts';

/** States of an instance that serves. */
export const SERVING: readonly string[] = ['ready', 'needs-login'];

/** `cliproxy plugins enable`. */
export function enableCommand(): Command {
  return switchCommand('enable', true);
}

/** `cliproxy plugins disable`. */
export function disableCommand(): Command {
  return switchCommand('disable', false);
}

/** `cliproxy plugins reload`. */
export function reloadCommand(): Command {
  return listingCommand('reload', {
    description: 'begin an instance anew from its package on disk; no stream breaks',
    example: 'cliproxy plugins reload my-provider',
  })
    .argument('<instance>', 'as `cliproxy plugins list` shows it')
    .action(async (name: string, options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const instanceId = instanceNamed(config, name);
      const client = await runningGateway(config);
      const answer = (await client.change(
        'POST',
        `/v1/plugins/${encodeURIComponent(instanceId)}/reload`,
        {},
      )) as { readonly version: string; readonly note?: string };
      const { version, note } = answer;
      printer.result(
        answer,
        `${instanceId} ${version} was begun anew; what was under way ends on the former one` +
          (note === undefined ? '' : `\nwarning: ${note}`),
      );
    });
}

function switchCommand(verb: 'enable' | 'disable', enabled: boolean): Command {
  return listingCommand(verb, {
    description: enabled
      ? 'enable an instance in the configuration file, and in the running gateway'
      : 'disable an instance in the configuration file, and in the running gateway; no stream breaks',
    example: `cliproxy plugins ${verb} my-provider`,
  })
    .argument('<instance>', 'its key under `plugins:`')
    .addHelpText(
      'after',
      `
Writes \`enabled: ${enabled}\` into the file; comments and form stay. Then waits until the running gateway has
it in force. If it can't be, the file is put back as it was, and the exit code is 1.`,
    )
    .action(async (name: string, options: CommonOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const instanceId = instanceNamed(config, name);
      const configured = config.settings.kernel.plugins.find(
        (one) => one.instanceId === instanceId,
      );
      const { changed, state } = await switchPlugin(
        config,
        instanceId,
        (text) => (configured?.enabled === enabled ? text : editEnabled(text, instanceId, enabled)),
        enabled ? SERVING : ['disabled'],
      );
      const done = `${instanceId} is ${changed ? '' : 'already '}${verb}d in ${config.file}`;
      const force =
        state === undefined
          ? '; no gateway runs: it counts from the next start'
          : `, and ${state} in the running gateway`;
      const login = state === 'needs-login' ? `\n${instanceId} ${noAccount(instanceId)}` : '';
      printer.result(
        { instance: instanceId, enabled, changed, file: config.file, state },
        done + force + login,
      );
    });
}
