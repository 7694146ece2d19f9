"""The divergence of the add-on's predictions from vanilla's, over the frequent tokens and a sample of the others."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

ROWS_AT_ONCE = {"cpu": 512, "cuda": 16_384}
"""Rows whose logits are in memory at once."""


class Vocabulary:
    """The frequent tokens, and a random sample that represents all others.

    The sampled probabilities are weighted up, so that sums over the vocabulary are unbiased. If `common` covers the vocabulary, nothing is
    sampled.
    """

    def __init__(self, output: torch.Tensor, counts: torch.Tensor, common: int, sample: int):
        """`output` is `lm_head`, [vocabulary, width]; `counts` holds the number of occurrences of each token, [vocabulary]."""
        order = torch.argsort(counts, descending=True, stable=True)
        self.output, self.common, self.rest = output, order[:common], order[common:]
        self.sample = min(sample, len(self.rest))
        self.common_rows = output[self.common].contiguous()
        self.weight = math.log(len(self.rest) / self.sample) if self.sample else 0.0

    def drawn(self, generator: torch.Generator) -> torch.Tensor:
        """Returns rows of `lm_head`, [common + sample, width]: the frequent tokens, then a new sample."""
        if not self.sample:
            return self.common_rows
        # Sample with replacement: counting a repeated token twice keeps the sums unbiased.
        chosen = self.rest[torch.randint(len(self.rest), (self.sample,), generator=generator).to(self.rest.device)]
        return torch.cat([self.common_rows, self.output[chosen]])


class Divergence(torch.autograd.Function):
    """KL(vanilla ‖ add-on) of each row in nats, and whether both have the same most likely token.

    The forward pass computes the gradient, a few rows at a time, so that the logits of all rows are never in memory at once.
    """

    @staticmethod
    def forward(ctx, states, expected, output, common, weight):  # noqa: ANN001
        divergence, agrees = states.new_empty(len(states)), torch.empty(len(states), dtype=torch.bool, device=states.device)
        gradient = torch.empty_like(states)
        at_once = ROWS_AT_ONCE[states.device.type]
        for begin in range(0, len(states), at_once):
            rows = slice(begin, begin + at_once)
            found = F.linear(states[rows].to(output.dtype), output).float()
            wanted = F.linear(expected[rows].to(output.dtype), output).float()
            agrees[rows] = found.argmax(-1) == wanted.argmax(-1)
            found[:, common:] += weight
            wanted[:, common:] += weight
            found, wanted = found.log_softmax(-1), wanted.log_softmax(-1)
            target = wanted.exp()
            divergence[rows] = (target * (wanted - found)).sum(-1)
            gradient[rows] = F.linear((found.exp() - target).to(output.dtype), output.t()).float()
        ctx.save_for_backward(gradient)
        ctx.mark_non_differentiable(agrees)
        return divergence, agrees

    @staticmethod
    def backward(ctx, of_divergence, _):  # noqa: ANN001
        (gradient,) = ctx.saved_tensors
        return gradient * of_divergence[:, None], None, None, None, None
