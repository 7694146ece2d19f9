#!/bin/sh
# The servers' race: `volley serve` beside llama-server on the same weights, 1 to 16 clients, interleaved.
#
#   bench/serve_race.sh DIR
#
# Builds what is missing and makes random weights in DIR (1 GB), and measures SmolLM2-135M, the shape of Qwen3-0.6B, and the
# embedded model, which llama.cpp cannot read, by itself: bench/results/serve-NAME.json. ROUNDS sets the rounds (default 3).
# Nothing else should run on the machine: ten minutes on two cores. Exit codes: 0 done, 1 failed, 64 usage.
set -eu

[ $# -eq 1 ] && [ -n "$1" ] || { echo "usage: serve_race.sh DIR" >&2; exit 64; }
dir=$1
cd "$(dirname "$0")/.."
mkdir -p "$dir"

swift build -c release --product volley >&2
peers=$(bench/peers/build_llama_cpp.sh "$dir/llama.cpp")
smollm2=$(bench/smollm2/fetch.sh)
shape=$dir/qwen3-0.6b-q8_0.gguf
[ -f "$shape" ] || {
    "${PYTHON:-python3}" -m venv "$dir/python"
    "$dir/python/bin/pip" install --quiet --disable-pip-version-check gguf==0.19.0 >&2
    "$dir/python/bin/python" bench/random_gguf.py qwen3-0.6b q8_0 "$shape"
}
race() { "${PYTHON:-python3}" bench/serve_race.py -r "${ROUNDS:-3}" "$@"; }

race --name serve-smollm2 --model "$smollm2" --peer "$peers/llama-server"
race --name serve-qwen3-0.6b-q8_0 --model "$shape" --peer "$peers/llama-server" -n 48
race --name serve-volley-5m --model weights/volley-5m --peer none -n 256
