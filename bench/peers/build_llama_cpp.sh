#!/bin/sh
# Builds llama.cpp for this machine out of the source distribution of the Python package llama-cpp-python.
#
#   bench/peers/build_llama_cpp.sh DIR
#
# Afterwards DIR/bin holds llama-bench, llama-simple, llama-completion, llama-quantize, llama-speculative-simple and (when it builds)
# llama-server, DIR/lib the shared libraries, and DIR/python the package's Python bindings (PYTHONPATH=DIR/python
# LLAMA_CPP_LIB_PATH=DIR/lib; they need numpy, jinja2, diskcache and typing_extensions). The path of DIR/bin is the
# only line on standard output.
#
# Release, GGML_NATIVE on, no CUDA, no HTTPS, no web page; cmake and ninja come from PyPI into DIR. Six minutes on two
# cores of a 2024 server, more when they are shared. A build that is already there for this processor and compiler is
# left alone. JOBS sets the number of compilers at once (default: all cores), CC/CXX the compiler, PYTHON another
# Python 3.9+ than `python3`. Exit codes: 0 done, 1 failed, 64 usage.
set -eu

version=0.3.36
sdist_sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
targets="llama llama-bench llama-simple llama-completion llama-quantize llama-speculative-simple"
server=llama-server
python=${PYTHON:-python3}

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "build_llama_cpp.sh: $*"
    exit 1
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

# One line that changes when the build must be made again: a native build is right for one processor only.
fingerprint() {
    {
        "${CC:-cc}" --version | head -n 1
        if [ -r /proc/cpuinfo ]; then
            grep -m 1 -E '^(flags|Features)' /proc/cpuinfo
        else
            sysctl -n machdep.cpu.brand_string
        fi
        printf '%s\n' "$version $targets"
    } | cksum
}

need_compiler() {
    command -v "${CXX:-c++}" >/dev/null 2>&1 \
        || fail "no C++ compiler; install one (Debian: apt-get install g++) or set CC and CXX."
    "$python" -m venv --help >/dev/null 2>&1 \
        || fail "$python cannot make virtual environments; install venv (Debian: apt-get install python3-venv)."
}

# cmake, ninja and what pip needs to look into the source distribution.
make_tools() {
    [ -x "$dir/tools/bin/ninja" ] && return
    say "Installing cmake and ninja into $dir/tools"
    "$python" -m venv "$dir/tools"
    "$dir/tools/bin/pip" install --quiet --disable-pip-version-check "cmake>=3.21" ninja scikit-build-core >&2 \
        || fail "pip could not install cmake, ninja and scikit-build-core; is the network there?"
}

fetch_source() {
    say "Downloading llama-cpp-python $version (77 MB)"
    rm -rf "$dir/download" "$dir/unpacking" "$dir/source" && mkdir -p "$dir/download" "$dir/unpacking"
    "$dir/tools/bin/pip" download --quiet --disable-pip-version-check --no-binary :all: --no-deps --no-build-isolation \
        --dest "$dir/download" "llama-cpp-python==$version" >&2 \
        || fail "pip could not download llama-cpp-python $version; is the network there?"
    archive=$(find "$dir/download" -name '*.tar.gz')
    found=$(sha256 "$archive")
    [ "$found" = "$sdist_sha256" ] || fail "the source distribution has SHA-256 $found, expected $sdist_sha256."
    tar -xzf "$archive" -C "$dir/unpacking" --strip-components 1
    mv "$dir/unpacking" "$dir/source"
    rm -rf "$dir/download"
}

configure() {
    cmake -G Ninja -S "$dir/source/vendor/llama.cpp" -B "$dir/build" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON \
        -DGGML_NATIVE=ON -DGGML_CUDA=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=ON -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON \
        >"$dir/configure.log" 2>&1 \
        || fail "cmake could not configure llama.cpp; see $dir/configure.log."
}

# Builds the named targets, with the compiler's words in a log.
compile() {
    cmake --build "$dir/build" -j "${JOBS:-$(getconf _NPROCESSORS_ONLN)}" --target "$@" >>"$dir/build.log" 2>&1
}

# Links what users of DIR need to fixed places. The programs find their libraries by absolute run path.
publish() {
    mkdir -p "$dir/bin" "$dir/lib" "$dir/python"
    for program in "$dir"/build/bin/llama-*; do
        [ -x "$program" ] && ln -sfn "$program" "$dir/bin/"
    done
    for library in "$dir"/build/bin/lib*; do ln -sfn "$library" "$dir/lib/"; done
    ln -sfn "$dir/source/llama_cpp" "$dir/python/llama_cpp"
}

[ $# -eq 1 ] && [ -n "$1" ] || { say "usage: build_llama_cpp.sh DIR"; exit 64; }
mkdir -p "$1" 2>/dev/null || fail "cannot make the folder $1."
dir=$(cd "$1" && pwd)
need_compiler
made_for=$(fingerprint)
if [ -f "$dir/built" ] && [ "$(cat "$dir/built")" = "$made_for" ]; then
    say "llama.cpp of llama-cpp-python $version is built already"
    printf '%s\n' "$dir/bin"
    exit 0
fi

make_tools
PATH=$dir/tools/bin:$PATH
export PATH
[ -d "$dir/source" ] || fetch_source
# A build folder of another processor or compiler would be reused half; an interrupted one of this kind goes on.
[ -f "$dir/building" ] && [ "$(cat "$dir/building")" = "$made_for" ] || rm -rf "$dir/build"
printf '%s\n' "$made_for" >"$dir/building"
configure
say "Building $targets; the compiler's words are in $dir/build.log"
# shellcheck disable=SC2086  # a list of words on purpose
compile $targets || fail "llama.cpp did not build; see the end of $dir/build.log."
compile "$server" || say "build_llama_cpp.sh: $server did not build (see $dir/build.log); the rest is there."
publish
mv -f "$dir/building" "$dir/built"
printf '%s\n' "$dir/bin"
