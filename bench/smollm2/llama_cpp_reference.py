"""Greedy decoding with llama.cpp, through the Python bindings that build_llama_cpp.sh leaves in its folder."""

import os
import subprocess
import sys
from pathlib import Path

import numpy

GGML_TYPE_F32 = 0


class LlamaCpp:
    """One model in llama.cpp, with llama.cpp's defaults unless said otherwise.

    With quantised weights every matmul rounds its activations to 8 bits, and K and V are float16. With float32
    weights and `float32_cache` all arithmetic is float32.
    """

    def __init__(self, peers: Path, model: Path, threads: int, float32_cache: bool = False):
        """`peers`: the folder given to build_llama_cpp.sh."""
        self._library = import_bindings(peers)
        self.version = self._library.__version__
        cache = {"type_k": GGML_TYPE_F32, "type_v": GGML_TYPE_F32} if float32_cache else {}
        self._llama = self._library.Llama(
            str(model), n_ctx=1024, n_threads=threads, n_threads_batch=threads, verbose=False, **cache
        )

    def tokenize(self, text: str) -> list[int]:
        """Returns the ids of a text in which special tokens are recognised; none is added."""
        return self._llama.tokenize(text.encode(), add_bos=False, special=True)

    def decode(self, prompt: list[int], count: int) -> list[int]:
        """Emits `count` tokens, end-of-sequence being a token like any other."""
        logits = self.prompt_logits(prompt)
        tokens = [int(logits.argmax())]
        while len(tokens) < count:
            tokens.append(int(self.next_logits(tokens[-1]).argmax()))
        return tokens

    def margins(self, prompt: list[int], tokens: list[int]) -> list[float]:
        """Returns, for each of `tokens` after those before it, its logit minus the highest other logit."""
        logits = self.prompt_logits(prompt)
        margins = []
        for token in tokens:
            margins.append(float(logits[token] - numpy.delete(logits, token).max()))
            logits = self.next_logits(token)
        return margins

    def prompt_logits(self, prompt: list[int]) -> numpy.ndarray:
        """Returns the float32 logits `[vocabulary]` at the prompt's last position."""
        self._llama.reset()
        self._llama.eval(prompt)
        return self._last_logits().copy()

    def next_logits(self, token: int) -> numpy.ndarray:
        """Returns the float32 logits `[vocabulary]` at one more token."""
        self._llama.eval([token])
        return self._last_logits().copy()

    def _last_logits(self) -> numpy.ndarray:
        """Returns the logits of the last position evaluated, in memory that the next evaluation overwrites."""
        logits = self._library.llama_get_logits_ith(self._llama.ctx, -1)
        return numpy.ctypeslib.as_array(logits, shape=(self._llama.n_vocab(),))


def import_bindings(peers: Path):
    """Returns the module `llama_cpp` on the libraries of that build."""
    os.environ["LLAMA_CPP_LIB_PATH"] = str(peers / "lib")
    sys.path.insert(0, str(peers / "python"))
    import llama_cpp

    return llama_cpp


def dequantise(peers: Path, model: Path, target: Path) -> None:
    """Writes a copy of a GGUF file in which every weight is float32, with llama.cpp's own tool."""
    command = [peers / "bin/llama-quantize", "--allow-requantize", model, target, "F32"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
