"""Runs gpt4free's own command, with its provider for any OpenAI-like service put before ours.

usage: serve.py PORT UPSTREAM COOKIES
"""

import sys

from g4f.Provider import Custom
from g4f.cli import main

port, upstream, cookies = sys.argv[1:]
Custom.base_url = upstream
Custom.api_key = "any-key-0123456789"
sys.argv = ["g4f", "api", "--bind", f"127.0.0.1:{port}", "--no-gui"]
sys.argv += ["--disable-pa-auto-download", "--cookies-dir", cookies]
main()
