#!/bin/bash
# Three prompts to the embedded model, vanilla and MTD4 side by side; then what each factor keeps of held-out answers.
# usage: bench/demo.sh VOLLEY
set -euo pipefail
volley=$1

"$volley" compare --mtd off,4 \
    "Repeat this list five times: 75 36 57 54 59 38 91 42 52 17" \
    "Copy this paragraph: Jesus answered and said unto them, Ye do err, not knowing the scriptures, nor the power of God." \
    "What is the sum of this list? 53 18 82 12 25 44 65"

echo
echo "The first 20 held-out questions of each task (all of them: volley eval; the table of record: weights/README.md)"
echo
"$volley" eval --limit 20
