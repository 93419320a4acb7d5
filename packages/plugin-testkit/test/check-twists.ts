// A process of its own: checks plugins that are sent to it as twists, one after another, and sends
// their reports back. Several checks watch the process that they run in.
import { runConformance } from '@cliproxy/plugin-testkit';
import { writePlugin } from './plugin-package.ts';
import type { PluginTwist } from './plugin-package.ts';

process.on('message', (twist: string) => void check(JSON.parse(twist) as PluginTwist));

async function check(twist: PluginTwist): Promise<void> {
  const written = await writePlugin(twist);
  try {
    process.send?.(await runConformance(written.plugin, written.packageJson));
  } finally {
    written.remove();
  }
}
