#!/usr/bin/env bash
# Sets up the recipe's Python: a virtual environment with pinned versions, the prose and the words that it trains on.
set -euo pipefail
cd "$(dirname "$0")"
. ../../bench/support/packages.sh

missing=()
command -v bible >/dev/null 2>&1 || missing+=(bible-kjv)
[ -e /usr/share/wordnet/data.noun ] || missing+=(wordnet-base)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
# One of reasoning-gym's requirements is compiled here.
command -v cc >/dev/null 2>&1 || missing+=(gcc)
[ -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] || missing+=(python3-dev)
install_packages "${missing[@]}"

[ -x .venv/bin/python ] || python3 -m venv .venv
# What was installed from the same list is left alone, so that this needs no network twice.
cmp -s requirements.txt .venv/installed.txt && exit 0
.venv/bin/pip install --quiet --requirement requirements.txt
cp requirements.txt .venv/installed.txt
