"""Asks one model through the gateway with OpenAI's SDK, whoever provides the model.

    pip install -r requirements.txt
    CLIPROXY_API_KEY=… python example.py [MODEL]
"""

import os
import sys

from openai import APIStatusError, OpenAI

model = sys.argv[1] if len(sys.argv) > 1 else "echo"
client = OpenAI(
    base_url=os.environ.get("CLIPROXY_URL", "http://127.0.0.1:8317") + "/v1",
    api_key=os.environ["CLIPROXY_API_KEY"],
)

print("models:", ", ".join(each.id for each in client.models.list()))

answer = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "Hello from Python"}],
)
print("answer:", answer.choices[0].message.content)

print("stream:", end=" ")
stream = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": "Hello word by word"}],
    stream=True,
)
for chunk in stream:
    if chunk.choices and chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="", flush=True)
print()

try:
    client.chat.completions.create(
        model="no-such-model",
        messages=[{"role": "user", "content": "Hello?"}],
    )
except APIStatusError as error:
    # What went wrong and what to do about it, with a code to compare.
    print("refused:", error.status_code, error.code)
