#!/usr/bin/env node
import { runCreate } from './run-create.ts';
import { terminalPrompter } from './terminal-prompter.ts';

const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
process.exitCode = await runCreate(process.argv.slice(2), {
  cwd: process.cwd(),
  prompter: isTerminal ? () => terminalPrompter() : undefined,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
