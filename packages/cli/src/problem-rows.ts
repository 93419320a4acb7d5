import { describeProblem, problemPosition } from '@cliproxy/config';
import type { ProblemSource } from '@cliproxy/config';
import { CommandError, EXIT } from './exit-codes.ts';
import type { ProblemRow } from './problem-row.ts';

type Problem = Parameters<typeof describeProblem>[0];

/** Problems as rows for `--json`. */
export function problemRows(
  problems: readonly Problem[],
  source: ProblemSource,
): readonly ProblemRow[] {
  return problems.map((problem) => {
    const { code, message, instanceId, pointer } = problem;
    const position = problemPosition(problem, source);
    return {
      code,
      message,
      ...(instanceId !== undefined && { instance: instanceId }),
      ...(pointer !== undefined && { pointer }),
      file: source.file,
      ...(position !== undefined && { line: position.line, column: position.column }),
    };
  });
}

/** Problems as text, one a line, each with its place in the configuration file. */
export function problemLines(problems: readonly Problem[], source: ProblemSource): string {
  return problems.map((problem) => describeProblem(problem, source)).join('\n');
}

/** What ends a command because of problems: exit code 78 when the configuration is all that is wrong. */
export function problemsError(problems: readonly Problem[], source: ProblemSource): CommandError {
  const code = problems[0]?.code;
  return new CommandError(problemLines(problems, source), {
    exitCode: problemsExitCode(problems),
    ...(code !== undefined && { code }),
    problems: problemRows(problems, source),
  });
}

/** What only an edit of the configuration, or an installation that it asks for, mends. */
const configCodes: readonly string[] = ['PLUGIN_BAD_CONFIG', 'PLUGIN_NOT_FOUND'];

/** The exit code of a command that found these. */
export function problemsExitCode(problems: readonly Problem[]): number {
  const isConfig = ({ code }: Problem): boolean =>
    code.startsWith('CONFIG_') || configCodes.includes(code);
  return problems.every(isConfig) ? EXIT.config : EXIT.failed;
}
