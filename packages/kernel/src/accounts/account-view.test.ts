import { expect, test } from '@jest/globals';
import { fakeHandle, fakeInstance } from '../../test/fake-instances.ts';
import type { AccountStanding } from './account-standing.ts';
import { viewAccounts } from './account-view.ts';
import type { AccountSource } from './account-source.ts';
import type { AccountView } from './account-view.ts';

const nowMs = 1_700_000_000_000;

function view(standing: Partial<AccountStanding>, source: AccountSource = 'configured') {
  const instance = fakeInstance('foo', { keys: [] });
  const handle = fakeHandle('foo', 'a');
  instance.handles.push({ ...handle, source });
  const book = { standing: () => ({ state: 'usable' as const, models: [], ...standing }) };
  const [account] = viewAccounts([instance], book, { now: () => nowMs });
  return account as AccountView;
}

test('an account tells what it is, and there is nothing to do where it is usable', () => {
  expect(view({})).toEqual({
    id: 'foo/a',
    instanceId: 'foo',
    label: '***a',
    source: 'configured',
    method: 'api-key',
    facts: {},
    scopes: [],
    state: 'usable',
    models: [],
  });
});

test('what a login brought is shown', () => {
  const instance = fakeInstance('foo', { keys: [] });
  const handle = fakeHandle('foo', 'a', 'oauth');
  const facts = { plan: 'plus', scopes: 'openid  email' };
  const account = { ...handle.account, authenticator: 'foo', facts };
  instance.handles.push({ ...handle, account, source: 'logged-in', expiresAtMs: nowMs + 1 });
  const book = { standing: () => ({ state: 'usable' as const, models: [] }) };
  expect(viewAccounts([instance], book, { now: () => nowMs })).toMatchObject([
    { authenticator: 'foo', method: 'oauth', facts, scopes: ['openid', 'email'] },
  ]);
});

test('what is out says until when and what to do', () => {
  const cooling = view({ state: 'cooling', reason: 'quota', untilMs: nowMs + 1_500 });
  expect(cooling).toMatchObject({ reason: 'quota', untilMs: nowMs + 1_500, retryInMs: 1_500 });
  expect(cooling.next).toContain('Wait 2 s');
  expect(view({ state: 'cooling', untilMs: nowMs - 5 }).retryInMs).toBe(0);
  expect(view({ state: 'trial' }).next).toContain('next request');
  expect(view({ state: 'invalid-key' }).next).toContain('key in the configuration of "foo"');
  expect(view({ state: 'probe-down' }).next).toContain('cliproxy status');
  expect(view({ state: 'needs-login' }).next).toContain('credential in the configuration');
  expect(view({ state: 'needs-login' }, 'logged-in').next).toBe('Log in again: cliproxy login foo');
});
