"""Writes pre/cases.json: how Hugging Face tokenizers cuts texts by the pre-tokenizers that GGUF files name.

Needs tokenizers 0.23 or newer; run it in this directory.
"""
import json
import random

from tokenizers import Regex
from tokenizers.pre_tokenizers import Sequence, Split

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+%s"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*%s"
    r"|%s| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
IDEOGRAPHS = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"

EXPRESSIONS = {
    "llama-bpe": [CL100K % r"\p{N}{1,3}"],
    "smaug-bpe": [CL100K % r"\p{N}{1,3}"],
    "qwen2": [CL100K % r"\p{N}"],
    "deepseek-r1-qwen": [CL100K % r"\p{N}"],
    "qwen35": [
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
        r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ],
    "gpt-2": [GPT2],
    "smollm": [r"\p{N}", GPT2],
    "gpt-4o": [CASED % (CONTRACTION, CONTRACTION, r"\p{N}{1,3}")],
    "llama4": [CASED % (CONTRACTION, CONTRACTION, r"\p{N}{1,3}")],
    "tekken": [CASED % ("", "", r"\p{N}")],
    "deepseek-coder": [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", IDEOGRAPHS, r"\p{N}"],
    "deepseek-v3": [
        r"\p{N}{1,3}",
        "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
        r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
        r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
}

PARTS = [
    "DON'T", " it'S", "they're", "'\u017f", " we'Ll", "12345", " 678", "\u0663\u0664", "\u2167", "caf\u00e9",
    "cafe\u0301", " \u0301x", "HelloWorld", " camelCase", "\u01c5abc", "\u65e5\u672c\u8a9e", "\u304b\u306a\u30ab\u30ca",
    "\ud55c\uae00", "\u0928\u092e\u0938\u094d\u0924\u0947", "...", "!?", " #", "//", " /\n", "<|x|>", "$5+6=11^2~`|",
    "\u2014", "\u20ac", "\U0001f600", "\U00010400", " ", "  ", "\t", "\n", "\r\n", " \n \n", "\u00a0", "\u2003",
    "\u0085", "\u200d", "\u0000", "_a_", "x\u00b2", "\u00bd",
]
random.seed(5)
TEXTS = ["".join(random.choices(PARTS, k=random.randint(1, 9))) for _ in range(120)]


def pieces(names, text):
    splits = Sequence([Split(Regex(expression), "isolated") for expression in names])
    return [piece for piece, _ in splits.pre_tokenize_str(text)]


def write(path, texts):
    cases = {
        name: [[len(piece.encode()) for piece in pieces(expressions, text)] for text in texts]
        for name, expressions in EXPRESSIONS.items()
    }
    with open(path, "w") as handle:
        handle.write('{"texts": ' + json.dumps(texts) + ',\n"lengths": {\n')
        handle.write(",\n".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in cases.items()))
        handle.write("\n}}\n")


if __name__ == "__main__":
    write("pre/cases.json", TEXTS)
