#!/usr/bin/env bash
# Sets up the spelling check: a virtual environment with pinned codespell. What is installed already needs no network.
set -euo pipefail
cd "$(dirname "$0")"
. ../../bench/support/packages.sh

missing=()
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
install_packages "${missing[@]}"

[ -x .venv/bin/python ] || python3 -m venv .venv
cmp -s requirements.txt .venv/installed.txt && exit 0
.venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
cp requirements.txt .venv/installed.txt
