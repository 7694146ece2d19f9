#!/usr/bin/env bash
# Installs the libraries that the build needs and that are missing, and says which. Says where to get Swift if there is none.
set -euo pipefail
. "$(dirname "$0")/support/packages.sh"

command -v swift >/dev/null 2>&1 || {
    echo "There is no swift on the PATH. Install Swift 6.2 or newer from https://www.swift.org/install, then run make again." >&2
    exit 1
}

packages=(pkg-config libopenblas-dev liblz4-dev libxxhash-dev libedit-dev)
names=(pkg-config openblas liblz4 libxxhash libedit)

if [ "$(uname)" = Darwin ]; then
    missing=()
    for name in openblas lz4 xxhash pkg-config; do brew list "$name" >/dev/null 2>&1 || missing+=("$name"); done
    [ ${#missing[@]} -eq 0 ] && exit 0
    echo "Missing: ${missing[*]}. Install with: brew install ${missing[*]}" >&2
    exit 1
fi

missing=()
command -v pkg-config >/dev/null 2>&1 || missing+=(pkg-config)
for ((i = 1; i < ${#names[@]}; i++)); do pkg-config --exists "${names[$i]}" 2>/dev/null || missing+=("${packages[$i]}"); done
install_packages "${missing[@]}"
