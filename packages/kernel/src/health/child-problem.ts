import type { ChildHealth } from './health-snapshot.ts';

/** What an operator should know of a child that doesn't run, and do about it; undefined: it runs. */
export function childProblem(child: ChildHealth): string | undefined {
  const { name, state, lastExit, retryInMs = 0, log } = child;
  const why = lastExit === undefined ? '' : `: ${lastExit.reason}`;
  const next = `started again in ${Math.ceil(retryInMs / 1000)} s`;
  const look = log === undefined ? '' : `; what it prints is in ${log}`;
  switch (state) {
    case 'backing-off':
      return `child ${name} does not run${why}; ${next}${look}`;
    case 'crash-loop':
      return (
        `child ${name} failed again and again${why}; ${next}, or at once after ` +
        `\`cliproxy restart\`${look}`
      );
    case 'waiting':
      return `child ${name} starts when the former configuration's has ended`;
    case 'starting':
    case 'ready':
    case 'stopping':
    case 'stopped':
      return undefined;
  }
}
