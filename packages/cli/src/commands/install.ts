import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { NeedState } from '../needs/look-at-need.ts';
import { needsOf } from '../needs/plugin-needs.ts';
import type { PluginNeeds } from '../needs/plugin-needs.ts';
import { mayRun, runStep, stepLine } from '../needs/run-step.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { createPrinter } from '../terminal.ts';

interface InstallOptions extends CommonOptions {
  readonly dryRun?: boolean;
}

/** `cliproxy install`: brings what a plugin needs that npm does not bring. */
export function installCommand(): Command {
  return listingCommand('install', { example: 'cliproxy install aistudio --dry-run' })
    .argument('<name>', 'an instance, or a plugin by its id')
    .option('--dry-run', 'only say what would be done')
    .action(async (name: string, options: InstallOptions) => {
      const printer = createPrinter(options.json);
      const config = await readConfig(options.config);
      const before = await needsOf(name, config);
      if (options.dryRun === true) {
        printer.result(before, told(before));
        return;
      }
      for (const { title, met, steps } of before.needs) {
        // All or nothing: what needs root may be what the rest needs.
        if (met || !steps.every(mayRun)) continue;
        printer.note(`cliproxy: installing ${title} …`);
        await mkdir(path.join(config.settings.data.folder, 'python'), {
          recursive: true,
          mode: 0o700,
        });
        for (const step of steps) {
          printer.note(`+ ${stepLine(step, false)}`);
          await runStep(step, options.json === true);
        }
      }
      const after = before.needs.every(({ met }) => met) ? before : await needsOf(name, config);
      printer.result(after, told(after));
      if (after.needs.some(({ met }) => !met)) process.exitCode = EXIT.failed;
    });
}

function told({ instanceId, package: name, version, needs }: PluginNeeds): string {
  return [
    `${instanceId} (${name} ${version})${needs.length === 0 ? ' needs nothing that npm does not bring' : ''}`,
    ...needs.flatMap(toldNeed),
  ].join('\n');
}

function toldNeed({ title, for: why, met, detail, optional, steps }: NeedState): readonly string[] {
  if (met) return [`  ok       ${title}: ${detail}`];
  const purpose = why === undefined ? '' : ` It is needed to ${why}.`;
  const sudo = !steps.every(mayRun);
  return [
    `  missing  ${title}${optional ? ' (optional)' : ''}: ${detail}.${purpose}`,
    ...(steps.length === 0
      ? []
      : [sudo ? '           Run this, as root:' : '           To be run:']),
    ...steps.map((step) => `             ${stepLine(step, sudo)}`),
  ];
}
