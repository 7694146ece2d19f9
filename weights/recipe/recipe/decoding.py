"""Decoding cycle by cycle with KV caches, like a runtime: the reference for the single masked pass."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from transformers import DynamicCache, PreTrainedModel

from recipe.cycles import VANILLA, Rule, cycle_indices, head_input


class Decoder:
    """Decodes sequences with prompts of equal length in lockstep."""

    def __init__(self, model: PreTrainedModel, head_layers: int, rule: Rule = Rule()):
        self.model, self.rule = model, rule
        layers = model.model.layers
        self.trunk_layers, self.head_layers = layers[:-head_layers], layers[-head_layers:]

    @torch.no_grad()
    def logits(self, prompt: torch.Tensor, factor: int) -> Iterator[torch.Tensor]:
        """Yields logits, [sequences, vocabulary], and receives the chosen tokens, [sequences]."""
        self.cache = DynamicCache()
        length, ones = prompt.shape[1], torch.ones(len(prompt), dtype=torch.long, device=prompt.device)

        def indices(positions: slice) -> torch.Tensor:
            return cycle_indices(positions.stop, length * ones, factor * ones, self.rule)[:, positions]

        embedded = self.model.model.embed_tokens(prompt)
        trunk = self._run(self.trunk_layers, embedded, range(length))
        hidden = head_input(embedded, trunk, indices(slice(0, length)))
        tokens = yield self._logits(self._run(self.head_layers, hidden, range(length)))
        position, unseen = length, []
        while True:
            embedded = self.model.model.embed_tokens(tokens[:, None])
            unseen.append(embedded)
            now = indices(slice(position, position + 1))
            trunk = torch.zeros_like(embedded)
            if now[0, 0] <= 0:
                # Refill with this token and those that the last cycle emitted without the trunk; with shadow history, only with this one.
                unseen = unseen if self.rule.history == "real" else unseen[-1:]
                block = torch.cat(unseen, dim=1)
                trunk = self._run(self.trunk_layers, block, range(position + 1 - len(unseen), position + 1))[:, -1:]
                unseen = []
            hidden = head_input(embedded, trunk, now)
            tokens = yield self._logits(self._run(self.head_layers, hidden, range(position, position + 1)))
            position += 1

    def greedy(self, prompt: torch.Tensor, factor: int, limit: int, ends: set[int]) -> list[list[int]]:
        """Returns at most `limit` tokens per sequence, up to but without one of `ends`."""
        answers: list[list[int]] = [[] for _ in prompt]
        is_open = torch.ones(len(prompt), dtype=torch.bool, device=prompt.device)
        end = torch.tensor(sorted(ends), device=prompt.device)
        steps = self.logits(prompt, factor)
        logits = next(steps)
        for count in range(limit):
            tokens = logits.argmax(-1)
            is_open &= ~torch.isin(tokens, end)
            for answer, token, is_wanted in zip(answers, tokens.tolist(), is_open.tolist()):
                if is_wanted:
                    answer.append(token)
            if not is_open.any() or count + 1 == limit:
                break
            logits = steps.send(tokens)
        return answers

    def _run(self, layers: torch.nn.ModuleList, hidden: torch.Tensor, at: range) -> torch.Tensor:
        """Runs `hidden`, [sequences, count, width], at positions `at`, attending to what these layers have cached."""
        positions = torch.tensor(at, device=hidden.device)
        rotary = self.model.model.rotary_emb(hidden, positions[None])
        cached = self.cache.get_seq_length(layers[0].self_attn.layer_idx)
        entries = torch.arange(cached + len(at), device=hidden.device)
        visible = entries[None] <= entries[cached:, None]
        for layer in layers:
            hidden = layer(
                hidden, attention_mask=visible[None, None], position_ids=positions[None], position_embeddings=rotary,
                past_key_values=self.cache,
            )  # fmt: skip
        return hidden

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return self.model.lm_head(self.model.model.norm(hidden[:, -1])).float()
