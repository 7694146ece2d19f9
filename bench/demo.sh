#!/bin/bash
# A question in English to SmolLM2 by vanilla and by cycles, if the model is at hand; then the embedded model's answers, and what each
# factor keeps of them.
# usage: [QUESTION=…] bench/demo.sh VOLLEY SMOLLM2.gguf
set -euo pipefail
volley=$1 model=$2 question=${QUESTION:-What is the difference between a lake and a river?}
head=$(dirname "$0")/../weights/smollm2-mtd

if bench/smollm2/fetch.sh "$model" >/dev/null; then
    echo "SmolLM2-135M-Instruct with a head for cycles (weights/smollm2-mtd). Verified cycles write vanilla's text. Adaptive cycles and"
    echo "factors write their own: the perplexity is that of each text to the model itself, so vanilla's is the measure."
    echo
    "$volley" compare --model "$model" --head "$head" --no-race --rounds 3 --max-tokens 96 \
        --plans off,verified:2,adaptive:6:0.9,adaptive:6:0.5,mtd:2,mtd:3,mtd:4 "$question"
    echo
else
    echo "SmolLM2 cannot be fetched, so the embedded model answers alone." >&2
fi

echo "volley-5m, which was trained for every factor from the start"
echo
"$volley" compare --mtd off,4 \
    "Repeat this list five times: 75 36 57 54 59 38 91 42 52 17" \
    "Copy this paragraph: Jesus answered and said unto them, Ye do err, not knowing the scriptures, nor the power of God." \
    "What is the sum of this list? 53 18 82 12 25 44 65"

echo
echo "The first 20 held-out questions of each task (all of them: volley eval; the table of record: weights/README.md)"
echo
"$volley" eval --limit 20
