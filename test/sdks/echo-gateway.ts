import echo from '@cliproxy/plugin-echo';
import { startTestGateway } from '@cliproxy/plugin-testkit';
import type { TestGateway, TestGatewayOptions } from '@cliproxy/plugin-testkit';

/**
 * A gateway that needs no account: what is said to it comes back.
 *
 * @param more - plugins beside it.
 */
export function startEchoGateway(more: TestGatewayOptions['plugins'] = []): Promise<TestGateway> {
  return startTestGateway({
    plugins: [
      ...more,
      {
        plugin: echo,
        packageJson: new URL('../../plugins/echo/package.json', import.meta.url),
        config: { paceMs: 0 },
      },
    ],
    // Names with a slash, as many providers have them, and tuned models of Gemini.
    config: { aliases: { 'maker/parrot': 'echo', 'tunedModels/echo': 'echo' } },
  });
}

/** A conversation that is long and of many scripts; each of its turns is told from every other. */
export const unicodeTurns: readonly string[] = Array.from(
  { length: 40 },
  (_, n) => `${n}: ${['Grüße', '世界', 'مرحبا', '👩‍👩‍👧‍👦', 'e\u0301', '\u2028x', '𝒳"\\'][n % 7] ?? ''}`,
);
