#!/bin/sh
# Resolve requirements/*.in into the lock files, with one version of each package for Python 3.11 to 3.13.
# Pins that still satisfy the requirements stay; --upgrade updates all of them.
set -eu
lock() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links "$@"
}
lock requirements/dev.in -o requirements-dev.txt "$@"
lock requirements/meter.in -c requirements-dev.txt -o requirements-meter.txt "$@"
lock requirements/files.in -c requirements-dev.txt -o requirements-files.txt "$@"
lock requirements/api.in -c requirements-dev.txt -o requirements.txt "$@"
lock requirements/checkov.in -o requirements-checkov.txt "$@"
