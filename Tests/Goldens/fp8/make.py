"""Writes a small random Qwen3 as Qwen's FP8 checkpoints are stored (e4m3, a scale for each block of 128 × 128 values, edges
included), and expected.json:

- crc32: of each matrix's bytes when its values, e4m3 · scale in float32, are made bf16, and q8_0 by the `gguf` package.
- cases: greedy tokens that transformers gives in float32 on the bf16 weights, and the least margin between the two largest
  logits on the way.

    python3 -m venv /tmp/fp8 && /tmp/fp8/bin/pip install torch transformers safetensors gguf==0.19.0
    /tmp/fp8/bin/python Tests/Goldens/fp8/make.py
"""

import json
import zlib
from pathlib import Path

import torch
from gguf import GGMLQuantizationType
from gguf.quants import quantize
from safetensors.torch import save_file
from transformers import Qwen3Config, Qwen3ForCausalLM

DIRECTORY = Path(__file__).parent
BLOCK = 128
LARGEST = 448.0


def blocks(matrix: torch.Tensor):
    """Row and column ranges of every block, with its place in the grid."""
    for i, row in enumerate(range(0, matrix.shape[0], BLOCK)):
        for j, column in enumerate(range(0, matrix.shape[1], BLOCK)):
            yield i, j, slice(row, row + BLOCK), slice(column, column + BLOCK)


def quantized(matrix: torch.Tensor, scale_type: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes and scales."""
    codes = torch.zeros(matrix.shape, dtype=torch.float8_e4m3fn)
    scales = torch.zeros([(size + BLOCK - 1) // BLOCK for size in matrix.shape], dtype=scale_type)
    for i, j, rows, columns in blocks(matrix):
        scales[i, j] = matrix[rows, columns].abs().max() / LARGEST
        scaled = (matrix[rows, columns] / scales[i, j].float()).clamp(-LARGEST, LARGEST)
        codes[rows, columns] = scaled.to(torch.float8_e4m3fn)
    return codes, scales


def dequantized(codes: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """float32"""
    values = codes.to(torch.float32)
    for i, j, rows, columns in blocks(codes):
        values[rows, columns] *= scales[i, j].to(torch.float32)
    return values


def generate(model: Qwen3ForCausalLM, prompt: list[int], count: int) -> dict:
    tokens, margin = [], float("inf")
    with torch.no_grad():
        for _ in range(count):
            logits = model(torch.tensor([prompt + tokens])).logits[0, -1]
            first, second = torch.topk(logits, 2).values.tolist()
            margin = min(margin, first - second)
            tokens.append(int(logits.argmax()))
    return {"prompt": prompt, "tokens": tokens, "margin": margin}


def main() -> None:
    torch.manual_seed(8)
    config = Qwen3Config(
        vocab_size=260, hidden_size=160, intermediate_size=192, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=32, max_position_embeddings=512, rope_theta=10000.0, tie_word_embeddings=True,
        bos_token_id=256, eos_token_id=257)
    model = Qwen3ForCausalLM(config).to(torch.float32).eval()
    stored, checksums = {}, {}
    for name, parameter in model.named_parameters():
        spread = 0.3 if "embed" in name else 0.1
        values = torch.randn(parameter.shape) * spread + (1.0 if parameter.ndim == 1 else 0.0)
        if parameter.ndim == 1 or "embed" in name:
            stored[name] = values.to(torch.bfloat16)
            made = stored[name].float()
        else:
            # Qwen's scales are bf16, DeepSeek's float32: one layer of each.
            codes, scales = quantized(values, torch.float32 if ".layers.0." in name else torch.bfloat16)
            stored[name], stored[name + "_scale_inv"] = codes, scales
            exact = dequantized(codes, scales)
            made = exact.to(torch.bfloat16).float()
            q8 = quantize(exact.numpy(), GGMLQuantizationType.Q8_0)
            checksums[name] = {
                "bf16": zlib.crc32(exact.to(torch.bfloat16).view(torch.uint8).numpy().tobytes()),
                "q8_0": zlib.crc32(q8.tobytes()),
            }
        parameter.data = made
    save_file(stored, DIRECTORY / "model.safetensors", metadata={"format": "pt"})
    fields = config.to_dict() | {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "rope_theta": 10000.0,
        "torch_dtype": "bfloat16",
        "quantization_config": {
            "activation_scheme": "dynamic",
            "fmt": "e4m3",
            "modules_to_not_convert": ["lm_head", "model.layers.0.input_layernorm"],
            "quant_method": "fp8",
            "weight_block_size": [BLOCK, BLOCK],
        },
    }
    kept = (
        "architectures", "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
        "num_attention_heads", "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps",
        "rope_theta", "tie_word_embeddings", "hidden_act", "bos_token_id", "eos_token_id", "torch_dtype",
        "quantization_config")
    (DIRECTORY / "config.json").write_text(json.dumps({key: fields[key] for key in kept}, indent=1) + "\n")
    prompts = [[256, 72, 105], [256] + list(range(40, 60)), [256, 5, 250, 5, 250, 17, 33]]
    cases = [generate(model, prompt, 24) for prompt in prompts]
    (DIRECTORY / "expected.json").write_text(json.dumps({"crc32": checksums, "cases": cases}, indent=1) + "\n")
    print([case["margin"] for case in cases])


if __name__ == "__main__":
    main()
