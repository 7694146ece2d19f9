#!/usr/bin/env bash
# Sets up the clients that the server is tested with: a virtual environment with pinned versions.
set -euo pipefail
cd "$(dirname "$0")"
. ../../../bench/support/packages.sh

missing=()
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
install_packages "${missing[@]}"

[ -x .venv/bin/python ] || python3 -m venv .venv
# What was installed from the same list is left alone, so that this needs no network twice.
cmp -s requirements.txt .venv/installed.txt && exit 0
.venv/bin/pip install --quiet --requirement requirements.txt
cp requirements.txt .venv/installed.txt
