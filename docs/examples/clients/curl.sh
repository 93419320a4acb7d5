#!/usr/bin/env bash
# Asks one model in the three dialects, with curl alone.
#   CLIPROXY_API_KEY=… ./curl.sh [MODEL]
set -euo pipefail

url=${CLIPROXY_URL:-http://127.0.0.1:8317}
model=${1:-echo}
: "${CLIPROXY_API_KEY:?set it to one of server.apiKeys in the configuration}"

ask() {
  curl --silent --show-error --fail-with-body --no-buffer --header 'content-type: application/json' "$@"
  echo
}

echo '# the models there are'
ask "$url/v1/models" --header "authorization: Bearer $CLIPROXY_API_KEY"

echo '# as OpenAI'"'"'s clients ask'
ask "$url/v1/chat/completions" --header "authorization: Bearer $CLIPROXY_API_KEY" --data @- <<JSON
{ "model": "$model", "messages": [{ "role": "user", "content": "Hello from Chat Completions" }] }
JSON

echo '# as Anthropic'"'"'s clients ask, streamed'
ask "$url/v1/messages" --header "x-api-key: $CLIPROXY_API_KEY" \
  --header 'anthropic-version: 2023-06-01' --data @- <<JSON
{ "model": "$model", "max_tokens": 200, "stream": true,
  "messages": [{ "role": "user", "content": "Hello from Messages" }] }
JSON

echo '# as Gemini'"'"'s clients ask'
ask "$url/v1beta/models/$model:generateContent" --header "x-goog-api-key: $CLIPROXY_API_KEY" --data @- <<'JSON'
{ "contents": [{ "role": "user", "parts": [{ "text": "Hello from generateContent" }] }] }
JSON
