import { isGatewayError } from '@cliproxy/plugin-api';
import { hold } from '../check.ts';
import type { Check } from '../check.ts';
import { watchConnections } from '../connections.ts';
import { allowedHosts } from '../allowed-hosts.ts';
import { NO_EXECUTOR } from './answers.ts';

export const hosts: Check = {
  id: 'hosts',
  level: 'speaks',
  means: 'The plugin connects to the hosts of its manifest and to no others.',
  needs: ['contributions'],
  notApplicable: ({ manifest }) =>
    manifest.executor || manifest.probes.length > 0 ? undefined : NO_EXECUTOR,
  async run(context) {
    // Done before: it has an upstream of its own.
    await context.dialects();
    const connections = watchConnections();
    try {
      const stage = await context.stage();
      const { gateway } = stage;
      for (const stream of [false, true]) {
        if (context.subject.manifest.executor) await stage.ask({ stream });
      }
      await (await gateway.ask('/v1/models')).arrayBuffer();
      await (await gateway.ask('/v1/health/deep', { admin: true })).arrayBuffer();
      stage.upstream?.fault({ kind: 'status', status: 500, on: 'everything' });
      if (context.subject.manifest.executor) await stage.ask();
      const allowed = allowedHosts(context.subject.manifest.hosts, stage.config);
      const own = [gateway.url, ...(stage.upstream?.connectsTo ?? [])].map(
        (url) => new URL(url).host,
      );
      const stranger = connections
        .made()
        .find((host) => ![...own, ...allowed].some((one) => one === host || one === nameOf(host)));
      hold(stranger === undefined, {
        expected: `connections to ${allowed.join(', ') || 'no host at all'} alone`,
        seen: `one to ${stranger}`,
        remedy:
          'send by `call.http` or `services.http`, and declare the host in permissions.hosts; anything ' +
          "else is out of the operator's sight",
      });
      const refused = stage.watch.refused.find(
        (error) => isGatewayError(error) && error.code === 'PLUGIN_HOST_FORBIDDEN',
      );
      hold(refused === undefined, {
        expected: 'requests to hosts that permissions.hosts declares',
        seen: String(refused),
        remedy: 'declare the host in permissions.hosts',
      });
    } finally {
      connections.stop();
    }
  },
};

function nameOf(host: string): string {
  return host.replace(/:\d+$/u, '');
}
