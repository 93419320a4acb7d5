import { definePlugin } from '@cliproxy/plugin-api';
import { aistudioRelayConfig } from './config.ts';

/** Gemini models by pages that are open in Google AI Studio. */
export default definePlugin({
  config: aistudioRelayConfig,
  setup: () => ({}),
});
