import { GatewayError } from '@cliproxy/plugin-api';
import { answerJson } from '../edge/answer.ts';
import { configReloadAnswer, pluginReloadAnswer } from '../schemas/plugins.ts';
import type { Route, RouteHandler } from './route.ts';

/** `POST /v1/plugins/{instance}/reload`. */
const reloadPlugin: RouteHandler = async (exchange, _grant, context, { named }) => {
  const { reloaded, problems, version, changedFile } = await context.kernel.reload(named);
  const stale =
    changedFile === undefined
      ? ''
      : `${changedFile} has changed, but Node keeps the code that it has imported from there; to run ` +
        'the new code, restart the gateway, or add the package with `cliproxy plugins add`';
  if (!reloaded) {
    const [first] = problems;
    throw new GatewayError(
      first?.code ?? 'PLUGIN_SETUP_FAILED',
      [
        ...problems.map(({ message }) => message),
        ...(stale === '' ? [] : [stale]),
        `plugin "${named}" goes on as it was`,
      ].join('; '),
    );
  }
  answerJson(exchange, context.draining, {
    instance: named,
    version,
    ...(stale !== '' && { changedFile, note: stale }),
  });
};

/** `POST /v1/config/reload`. */
const reloadConfig: RouteHandler = async (exchange, _grant, context) => {
  if (context.reloadConfig === undefined) {
    throw new GatewayError(
      'CLIENT_UNSUPPORTED',
      'this gateway was not started from a configuration file: there is nothing to read again',
    );
  }
  const answer = await context.reloadConfig();
  answerJson(exchange, context.draining, answer, answer.outcome === 'failed' ? 409 : 200);
};

/** What operators change of plugins while the gateway runs. */
export const pluginRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/plugins/{instance}/reload',
    access: 'admin',
    summary: 'Begins an instance anew from its package on disk; streams end on the former one',
    bodyOptional: true,
    answers: { 'application/json': pluginReloadAnswer },
    handle: reloadPlugin,
  },
  {
    method: 'POST',
    path: '/v1/config/reload',
    access: 'admin',
    summary: 'Reads the configuration file again now; 409 where it can not be put into force',
    bodyOptional: true,
    answers: { 'application/json': configReloadAnswer },
    handle: reloadConfig,
  },
];
