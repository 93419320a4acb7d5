// The agents: how each is pointed at a gateway, as docs/AGENTS.md says it, and which tool of its own
// reads a file. Each runs once, without a terminal, in a home that is thrown away.
import fs from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} Seat where an agent works, and with what
 * @property {string} packages - the folder of the installed packages
 * @property {string} url - the gateway's address
 * @property {string} key - a client key of the gateway
 * @property {string} model
 * @property {string} home
 * @property {string} work - the folder that it works in
 * @property {string} prompt
 */

const claudeCode = {
  name: 'Claude Code',
  package: '@anthropic-ai/claude-code',
  dialect: 'anthropic-messages',
  reads: (file) => ({ name: 'Read', arguments: { file_path: file } }),
  launch: ({ packages, url, key, model, prompt }) => ({
    command: process.execPath,
    args: [
      path.join(packages, '@anthropic-ai/claude-code/cli-wrapper.cjs'),
      ...['--print', prompt, '--allowedTools', 'Read'],
    ],
    env: {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      ANTHROPIC_MODEL: model,
      // For titles and the like; without it, it would ask for a model of its own vendor.
      ANTHROPIC_DEFAULT_HAIKU_MODEL: 'echo',
      CLAUDE_CODE_MAX_CONTEXT_TOKENS: '200000',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  }),
};

const codex = {
  name: 'Codex',
  package: '@openai/codex',
  dialect: 'openai-responses',
  reads: (file) => ({ name: 'exec_command', arguments: { cmd: `cat ${file}` } }),
  launch({ packages, url, key, model, home, prompt }) {
    write(
      path.join(home, '.codex', 'config.toml'),
      `model = "${model}"
model_provider = "cliproxy"
model_context_window = 200000
check_for_update_on_startup = false

[model_providers.cliproxy]
name = "cliproxy"
base_url = "${url}/v1"
env_key = "CLIPROXY_API_KEY"
wire_api = "responses"

[analytics]
enabled = false
`,
    );
    return {
      command: process.execPath,
      args: [
        path.join(packages, '@openai/codex/bin/codex.js'),
        // The folder is made for it: its own sandbox needs rights that containers don't give.
        ...['exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access', prompt],
      ],
      env: { CLIPROXY_API_KEY: key },
    };
  },
};

const geminiCli = {
  name: 'Gemini CLI',
  package: '@google/gemini-cli',
  dialect: 'gemini',
  reads: (file) => ({ name: 'read_file', arguments: { file_path: file } }),
  launch({ packages, url, key, model, home, prompt }) {
    write(
      path.join(home, '.gemini', 'settings.json'),
      JSON.stringify({
        general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
        privacy: { usageStatisticsEnabled: false },
        security: { auth: { selectedType: 'gemini-api-key' } },
      }),
    );
    return {
      command: process.execPath,
      args: [
        path.join(packages, '@google/gemini-cli/bundle/gemini.js'),
        ...['--prompt', prompt, '--model', model, '--approval-mode', 'yolo', '--skip-trust'],
      ],
      env: { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: key },
    };
  },
};

// The package `opencode-ai` copies this binary by an install script, and here none runs.
const OPENCODE = 'opencode-linux-x64-baseline';

const openCode = {
  name: 'opencode',
  package: OPENCODE,
  dialect: 'openai-chat',
  reads: (file) => ({ name: 'read', arguments: { filePath: file } }),
  launch({ packages, url, key, model, work, prompt }) {
    write(
      path.join(work, 'opencode.json'),
      JSON.stringify({
        autoupdate: false,
        share: 'disabled',
        model: `cliproxy/${model}`,
        small_model: 'cliproxy/echo',
        enabled_providers: ['cliproxy'],
        provider: {
          cliproxy: {
            npm: '@ai-sdk/openai-compatible',
            name: 'cliproxy',
            options: { baseURL: `${url}/v1`, apiKey: '{env:CLIPROXY_API_KEY}' },
            models: { [model]: { limit: { context: 200_000, output: 64_000 } }, echo: {} },
          },
        },
      }),
    );
    return {
      command: path.join(packages, OPENCODE, 'bin', 'opencode'),
      args: ['run', prompt],
      env: {
        CLIPROXY_API_KEY: key,
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_PURE: '1',
      },
    };
  },
};

export const agents = [claudeCode, codex, geminiCli, openCode];

function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}
