#!/usr/bin/env bash
# Sets up the recipe's Python: a virtual environment with pinned versions, and the prose that it trains on.
set -euo pipefail
cd "$(dirname "$0")"

missing=()
command -v bible >/dev/null 2>&1 || missing+=(bible-kjv)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ ${#missing[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "Missing: ${missing[*]}. Install them with this system's package manager." >&2
        exit 1
    fi
    sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    echo "Installing ${missing[*]}" >&2
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
fi

[ -x .venv/bin/python ] || python3 -m venv .venv
# What was installed from the same list is left alone, so that this needs no network twice.
cmp -s requirements.txt .venv/installed.txt && exit 0
.venv/bin/pip install --quiet --requirement requirements.txt
cp requirements.txt .venv/installed.txt
