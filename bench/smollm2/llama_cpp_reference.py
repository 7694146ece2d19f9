"""Greedy decoding with llama.cpp, through the Python bindings of build_llama_cpp.sh."""

import os
import subprocess
import sys
from pathlib import Path

import numpy

GGML_TYPE_F32 = 0


class LlamaCpp:
    """A model in llama.cpp, with default settings unless noted.

    With quantised weights, every matmul rounds its activations to 8 bits, and K and V are float16. With float32 weights and
    `float32_cache`, all arithmetic is float32.
    """

    def __init__(self, peers: Path, model: Path, threads: int, float32_cache: bool = False):
        """`peers`: the directory given to build_llama_cpp.sh."""
        self._library = import_bindings(peers)
        self.version = self._library.__version__
        cache = {"type_k": GGML_TYPE_F32, "type_v": GGML_TYPE_F32} if float32_cache else {}
        self._llama = self._library.Llama(
            str(model), n_ctx=1024, n_threads=threads, n_threads_batch=threads, verbose=False, **cache
        )

    def tokenize(self, text: str) -> list[int]:
        """Tokenises a text. Special tokens are recognised; none is added."""
        return self._llama.tokenize(text.encode(), add_bos=False, special=True)

    def decode(self, prompt: list[int], count: int) -> list[int]:
        """Generates `count` tokens. End-of-sequence counts as an ordinary token."""
        logits = self.prompt_logits(prompt)
        tokens = [int(logits.argmax())]
        while len(tokens) < count:
            tokens.append(int(self.next_logits(tokens[-1]).argmax()))
        return tokens

    def margins(self, prompt: list[int], tokens: list[int]) -> list[float]:
        """Returns each token's logit minus the highest other logit, given the tokens before it."""
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
        """Returns the float32 logits `[vocabulary]` after one more token."""
        self._llama.eval([token])
        return self._last_logits().copy()

    def _last_logits(self) -> numpy.ndarray:
        """Returns the logits of the last evaluated position. The next evaluation overwrites their memory."""
        logits = self._library.llama_get_logits_ith(self._llama.ctx, -1)
        return numpy.ctypeslib.as_array(logits, shape=(self._llama.n_vocab(),))


def import_bindings(peers: Path):
    """Imports the module `llama_cpp` with the libraries of that build."""
    os.environ["LLAMA_CPP_LIB_PATH"] = str(peers / "lib")
    sys.path.insert(0, str(peers / "python"))
    import llama_cpp

    return llama_cpp


def dequantise(peers: Path, model: Path, target: Path) -> None:
    """Writes a float32 copy of a GGUF file with llama.cpp's own tool."""
    command = [peers / "bin/llama-quantize", "--allow-requantize", model, target, "F32"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
