#!/bin/sh
# The race: volley beside llama.cpp, and ik_llama.cpp where it is at hand, on the same weights, interleaved.
#
#   bench/race.sh DIR [SHAPE-FORMAT …]
#
# Builds what is missing and makes random weights in DIR (12 GB for all), measures each shape and format, and writes
# bench/results/SHAPE-FORMAT.json, volley's own tables as bench/results/bench-SHAPE-FORMAT.json (-int8 with activations of 8
# bits), and pictures of those. The default is the four that the README shows. IK_LLAMA_BENCH names ik_llama.cpp's
# llama-bench (see peers/build_ik_llama_cpp.sh), REPEATS the rounds (default 5), MACHINE the machine, so that its records are
# kept beside those of others (SHAPE-FORMAT-MACHINE). q8_0 is measured with --screen too. Nothing else should run on the
# machine: an hour on two cores.
# Exit codes: 0 done, 1 failed, 64 usage.
set -eu

[ $# -ge 1 ] && [ -n "$1" ] || { echo "usage: race.sh DIR [SHAPE-FORMAT …]" >&2; exit 64; }
dir=$1
shift
[ $# -gt 0 ] || set -- qwen3-0.6b-q8_0 qwen3-0.6b-q4_0 qwen3-4b-q8_0 qwen3-4b-q4_0
cd "$(dirname "$0")/.."
mkdir -p "$dir"

swift build -c release --product volley >&2
volley=.build/release/volley
peers=$(bench/peers/build_llama_cpp.sh "$dir/llama.cpp")
python=$dir/python/bin/python
[ -x "$python" ] || {
    "${PYTHON:-python3}" -m venv "$dir/python"
    "$python" -m pip install --quiet --disable-pip-version-check gguf==0.19.0 >&2
}

for name in "$@"; do
    shape=${name%-*} format=${name##*-}
    weights=$dir/$name.gguf
    [ -f "$weights" ] || "$python" bench/random_gguf.py "$shape" "$format" "$weights"
    # A large model is slow enough for fewer tokens to say as much.
    case $shape in qwen3-4b | qwen3-8b) prompt=128 decode=48 ;; *) prompt=512 decode=128 ;; esac
    case $format in q8_0) screened=4 ;; *) screened= ;; esac
    kept=$name${MACHINE:+-$MACHINE}
    for activations in int16 int8; do
        [ "$activations" = int16 ] && record=bench-$kept || record=bench-$kept-int8
        "$volley" bench --model "$weights" --activations "$activations" -p "$prompt" -n "$decode" -r "${REPEATS:-5}" \
            --passes --profile -o json >"bench/results/$record.json"
        "$python" bench/plots.py "bench/results/$record.json"
    done
    "$python" bench/decode.py --name "$kept" --model "$weights" --volley "$volley" --mtd off,4 \
        --activations int16,int8 --screened "$screened" -p "$prompt" -n "$decode" -r "${REPEATS:-5}" \
        --peer "llama.cpp=$peers/llama-bench" \
        ${IK_LLAMA_BENCH:+--peer "ik_llama.cpp=$IK_LLAMA_BENCH -rtr 1"}
done
