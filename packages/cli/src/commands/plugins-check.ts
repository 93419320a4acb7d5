import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { loadTestkit } from '../conformance/load-testkit.ts';
import { findPlugin } from '../conformance/find-plugin.ts';
import { readConfig } from '../config-file.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { needFindings } from '../findings/needs.ts';
import { allNeeds } from '../needs/plugin-needs.ts';
import { listingCommand } from '../options.ts';
import type { CommonOptions } from '../options.ts';
import { problemLines, problemRows, problemsExitCode } from '../problem-rows.ts';
import { withPlugins } from '../set-up-plugins.ts';
import { createPrinter } from '../terminal.ts';
import type { Printer } from '../terminal.ts';

interface CheckOptions extends CommonOptions {
  readonly badge?: string;
  readonly level?: string;
}

const LEVELS = ['loads', 'speaks', 'survives'] as const;

/** `cliproxy plugins check`. */
export function checkCommand(): Command {
  return listingCommand('check', {
    description:
      'say what is wrong with the configured plugins, or with one plugin by all that the contract asks',
    example: 'cliproxy plugins check ./my-plugin',
  })
    .argument(
      '[plugin]',
      'an instance, a package, a folder or a .tgz; none: all that are configured',
    )
    .option('--level <level>', 'the highest to check: loads, speaks or survives (default)')
    .option('--badge <file>', 'write the level reached into an SVG file')
    .action(async (plugin: string | undefined, options: CheckOptions) => {
      const printer = createPrinter(options.json);
      if (plugin === undefined) return checkConfigured(options, printer);
      return checkOne(plugin, options, printer);
    });
}

/** How long the command waits for what has to end by itself, in milliseconds. */
const LEFT_BEHIND_MS = 2_000;

async function checkConfigured(options: CheckOptions, printer: Printer): Promise<void> {
  const config = await readConfig(options.config);
  const found = await withPlugins(config, async (_gateway, { problems }) => problems);
  const ok = found.length === 0;
  const needs = (await allNeeds(config)).flatMap(needFindings);
  for (const { check, detail } of needs) printer.note(`${check}: ${detail}`);
  printer.result(
    { ok, problems: problemRows(found, config), ...(needs.length > 0 && { needs }) },
    ok ? 'ok: every enabled plugin can be set up' : problemLines(found, config),
  );
  if (!ok) process.exitCode = problemsExitCode(found);
}

async function checkOne(name: string, options: CheckOptions, printer: Printer): Promise<void> {
  const level = LEVELS.find((one) => one === options.level);
  if (options.level !== undefined && level === undefined) {
    throw new CommandError(
      `there is no level "${options.level}": use one of ${LEVELS.join(', ')}`,
      {
        exitCode: EXIT.usage,
      },
    );
  }
  const found = await findPlugin(name, options.config, (text) => printer.note(text));
  try {
    const testkit = await loadTestkit(found.folder);
    printer.note(`checking ${found.folder}; this takes half a minute …`);
    const report = await testkit.checkPackage(found.folder, {
      ...(level && { level }),
      onResult: (result) => printer.note(testkit.resultText(result)),
    });
    if (options.badge !== undefined) await writeFile(options.badge, testkit.reportBadge(report));
    const failed = report.checks.some(({ result }) => result === 'failed');
    // A person has read the rest as it came.
    const { checks } = report;
    const count = (result: string): number => checks.filter((one) => one.result === result).length;
    printer.result(
      { ok: !failed, ...report },
      `${report.package} ${report.version}: level reached: ${report.level}; ` +
        `${count('passed')} passed, ${count('failed')} failed, ` +
        `${count('not-applicable')} do not apply, ${count('not-run')} not run`,
    );
    if (failed) process.exitCode = EXIT.failed;
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(error instanceof Error ? error.message : String(error));
  } finally {
    await found.release();
    // What the plugin has left running must not keep the command from ending.
    setTimeout(() => process.exit(), LEFT_BEHIND_MS).unref();
  }
}
