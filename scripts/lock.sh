#!/bin/sh
# Renews the lock files: versions and hashes, no registry addresses.
set -eu
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
    --universal --python-version 3.11 "$@"; }
lock pyproject.toml --extra dev --extra fast --extra ocr --extra peers --extra tieba --extra bench -o requirements-dev.lock
lock pyproject.toml -c requirements-dev.lock -o requirements.lock
echo uv | lock - -o requirements-bootstrap.lock
if grep -nE 'https?://|--index-url|--find-links' requirements*.lock; then
    echo "a registry address slipped into a lock file" >&2
    exit 1
fi
