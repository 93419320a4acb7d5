import { definePlugin } from '@cliproxy/plugin-api';
import { redactConfig } from './config.ts';
import { redactHook } from './redact-hook.ts';

/** Replaces secrets and personal data in requests before they go upstream. */
export default definePlugin({
  config: redactConfig,
  setup: ({ config }) => ({ hooks: [redactHook(config)] }),
});
