"""Trains Qwen3-style checkpoints to emit several tokens per trunk pass (Direct Multi-Token Decoding, arXiv 2510.11958)."""
