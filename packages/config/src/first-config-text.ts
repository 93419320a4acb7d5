/** The configuration of a first start: works as it is, and shows what comes next. */
export function firstConfigText(apiKey: string, adminKey: string): string {
  return `# Configuration of cliproxy. Changes take effect when the file is saved.
# \`cliproxy config check\` checks it; \${NAME} takes a value from the environment.

server:
  host: 127.0.0.1
  port: 8317
  apiKeys: [${apiKey}] # for clients, as "Authorization: Bearer <key>"
  adminKeys: [${adminKey}] # for the operator

plugins:
  # Answers with what it was sent: for a first try, no account needed.
  echo: {}

  # Claude, by an API key of Anthropic.
  llmux-claude:
    enabled: false
    config: { apiKeys: ["\${ANTHROPIC_API_KEY}"] }

  # GPT, by an API key of OpenAI.
  llmux-chatgpt:
    enabled: false
    config: { apiKeys: ["\${OPENAI_API_KEY}"] }

  # Gemini, by an API key of Google.
  gemini:
    enabled: false
    config: { apiKeys: ["\${GEMINI_API_KEY}"] }

  # Any service with an OpenAI-compatible API; mount it as often as you like.
  openrouter:
    enabled: false
    package: "@cliproxy/plugin-openai-compatible"
    config: { baseUrl: https://openrouter.ai/api/v1, apiKeys: ["\${OPENROUTER_KEY}"] }

# Failover: the second target answers where the first can't.
# routes:
#   - { match: "claude-*", targets: [{ plugin: llmux-claude }, { plugin: openrouter }] }
# aliases: { sonnet: claude-sonnet-4-5-20250929 }
`;
}
