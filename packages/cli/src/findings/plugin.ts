import type { HealthAnswer } from '../format-health.ts';
import type { Finding } from './finding.ts';

/** What a plugin's health means for the operator. */
export function pluginFinding(health: HealthAnswer['plugins'][number]): Finding {
  const { instanceId, state, status, problems } = health;
  const check = `plugin ${instanceId}`;
  if (state === 'disabled') return { check, result: 'ok', detail: 'disabled' };
  if (state === 'needs-login') {
    return { check, result: 'warning', detail: noAccount(instanceId) };
  }
  const details = [...problems, ...accountDetails(health)];
  const isDown = state === 'failed' || status === 'down';
  return {
    check,
    result: isDown ? 'failed' : details.length > 0 || status !== 'up' ? 'warning' : 'ok',
    detail: details.length === 0 ? `${state}, ${status}` : details.join('; '),
  };
}

/** Neither the configuration nor a login gave the instance an account. */
export function noAccount(instanceId: string): string {
  return `has no account: add a key under plugins.${instanceId}.config, or log in where it can be done: cliproxy login ${instanceId}`;
}

function accountDetails({ accounts }: HealthAnswer['plugins'][number]): readonly string[] {
  return accounts.flatMap(({ label, state, reason, probes }) => [
    ...(state === 'usable' ? [] : [`${label} is ${state}${because(reason)}`]),
    ...probes
      .filter((probe) => probe.status !== 'up')
      .map(({ probe, status, detail }) => `${label}: ${probe} is ${status}${because(detail)}`),
  ]);
}

function because(detail: string | undefined): string {
  return detail === undefined ? '' : `, ${detail}`;
}
