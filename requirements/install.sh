#!/bin/sh
# Create .venv with all packages of requirements-dev.txt, with any Python from 3.11 to 3.13 that works here.
set -eu

if ! .venv/bin/pip --version >/dev/null 2>&1; then
    [ -z "${PYTHON:-}" ] || "$PYTHON" --version >/dev/null 2>&1 || {
        echo "Set-up, step 1 of 2: PYTHON=$PYTHON does not run. Set PYTHON to a Python 3.11, 3.12 or 3.13, or leave it unset." >&2
        exit 1
    }
    for python in ${PYTHON:-python3.11 python3.12 python3.13 python3 python}; do
        if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            found=$python
            break
        fi
    done
    if [ -z "${found:-}" ]; then
        echo "Set-up, step 1 of 2: no working Python 3.11, 3.12 or 3.13 was found. Install one, or set its path: PYTHON=/path/to/python3.11 make" >&2
        exit 1
    fi
    echo "Set-up, step 1 of 2: creating .venv with $("$found" --version)"
    if ! "$found" -m venv --clear .venv; then
        echo "Set-up, step 1 of 2 failed: $found cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
fi
echo "Set-up, step 2 of 2: installing the packages of requirements-dev.txt (1.3 GB) with uv, which shows its progress"
# uv itself comes with the hashes of the lock file, as all else.
sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/^ .*--hash/p;}' requirements-dev.txt >.venv/uv.txt
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt ||
    ! .venv/bin/uv pip install --python .venv/bin/python --require-hashes -r requirements-dev.txt ||
    # uv builds the client itself, so that this needs no network
    ! .venv/bin/uv pip install --python .venv/bin/python --quiet --offline --no-deps --editable client; then
    echo "Set-up, step 2 of 2 failed; the reason is above. Usually it is the network or a full disk: fix it, then run make" \
        "again. uv takes a package index of your own from UV_DEFAULT_INDEX, not from pip's settings." >&2
    exit 1
fi
