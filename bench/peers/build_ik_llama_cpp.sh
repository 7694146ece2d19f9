#!/bin/sh
# Builds ik_llama.cpp's llama-bench for this machine.
#
#   bench/peers/build_ik_llama_cpp.sh DIR [SOURCE]
#
# SOURCE is a folder of its sources; without it they are fetched from GitHub, at the commit below. Afterwards
# DIR/build/bin/llama-bench is there, and its path is the only line on standard output. Release, GGML_NATIVE on; needs a
# C++ compiler and cmake ≥ 3.18 (the one that build_llama_cpp.sh put into its own folder will do). Some fifteen minutes on two
# cores. JOBS sets the number of compilers at once (default: all cores). Exit codes: 0 done, 1 failed, 64 usage.
set -eu

commit=8337e4cd3861406fc04e0854b1409cd1b027fbc9
repository=https://github.com/ikawrakow/ik_llama.cpp

fail() {
    printf 'build_ik_llama_cpp.sh: %s\n' "$*" >&2
    exit 1
}

[ $# -ge 1 ] && [ $# -le 2 ] && [ -n "$1" ] || { echo "usage: build_ik_llama_cpp.sh DIR [SOURCE]" >&2; exit 64; }
mkdir -p "$1" 2>/dev/null || fail "cannot make the folder $1."
dir=$(cd "$1" && pwd)
source=${2:-$dir/source}
command -v cmake >/dev/null 2>&1 || fail "no cmake; install it (Debian: apt-get install cmake)."

if [ ! -f "$source/CMakeLists.txt" ]; then
    [ $# -eq 1 ] || fail "there are no sources of ik_llama.cpp in $source."
    rm -rf "$source" && git init --quiet "$source"
    git -C "$source" fetch --quiet --depth 1 "$repository" "$commit" || fail "cannot fetch $repository."
    git -C "$source" checkout --quiet FETCH_HEAD
fi
cmake -S "$source" -B "$dir/build" -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_CURL=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF >"$dir/configure.log" 2>&1 \
    || fail "cmake could not configure ik_llama.cpp; see $dir/configure.log."
cmake --build "$dir/build" -j "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" --target llama-bench >"$dir/build.log" 2>&1 \
    || fail "ik_llama.cpp did not build; see the end of $dir/build.log."
printf '%s\n' "$dir/build/bin/llama-bench"
