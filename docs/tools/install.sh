#!/usr/bin/env bash
# Installs the built command, the embedded model, man pages, and completions for bash, zsh and fish.
# usage: docs/tools/install.sh VOLLEY PREFIX
set -euo pipefail
[ $# = 2 ] || { echo "usage: install.sh VOLLEY PREFIX" >&2; exit 64; }
volley=$1 prefix=$2 root=$(cd "$(dirname "$0")/../.." && pwd)

# place FILE TARGET MODE: copies to a temporary name and renames, so that a running program keeps its file.
place() {
    mkdir -p "$(dirname "$prefix/$2")"
    cp "$1" "$prefix/$2.part"
    chmod "$3" "$prefix/$2.part"
    mv "$prefix/$2.part" "$prefix/$2"
}

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
python3 "$root/docs/tools/commands.py" --volley "$volley" --man "$made/man"
for shell in bash zsh fish; do "$volley" --generate-completion-script "$shell" >"$made/$shell"; done

place "$volley" bin/volley 755
for page in "$made"/man/*.1; do place "$page" "share/man/man1/${page##*/}" 644; done
place "$made/bash" share/bash-completion/completions/volley 644
place "$made/zsh" share/zsh/site-functions/_volley 644
place "$made/fish" share/fish/vendor_completions.d/volley.fish 644
for file in "$root"/weights/volley-5m/* "$root"/weights/eval/*.jsonl; do
    place "$file" "share/volley/weights/${file#"$root"/weights/}" 644
done
echo "$prefix/bin/volley"
