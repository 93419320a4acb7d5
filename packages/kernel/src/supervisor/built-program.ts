import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { GatewayError } from '@cliproxy/plugin-api';

/**
 * The file of a program of the kernel's own: always the built one, which every Node can run.
 *
 * @param url - of the module that asks. @param file - relative to it.
 * @throws GatewayError `PLUGIN_IMPORT_FAILED` before it was built.
 */
export function builtProgram(url: string, file: string): string {
  const asked = path.join(path.dirname(fileURLToPath(url)), file);
  const built = asked.replace(/([/\\]kernel[/\\])src([/\\])/u, '$1dist$2');
  if (existsSync(built)) return built;
  throw new GatewayError(
    'PLUGIN_IMPORT_FAILED',
    `a program of the gateway's own is missing: there is no ${built}; run \`npm run build\``,
  );
}
