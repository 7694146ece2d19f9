"""Generates answers in large batches, with a static KV cache and one CUDA graph per attended length."""

from __future__ import annotations

import time

import torch
import torch.nn.functional as F

from recipe.head.stack import layer_weights, normalized
from recipe.head.teacher import Teacher

CHUNK = 32
"""Steps between checks for finished sequences."""


class Generator:
    """Generates `slots` sequences at once. When one ends, the next prompt takes its slot."""

    def __init__(self, teacher: Teacher, slots: int, prompt: int, answer: int, end: int, seed: int):
        """`prompt` and `answer` are the maximum lengths in tokens; `end` is the token that ends an answer."""
        self.teacher, self.slots, self.prompt, self.answer, self.end = teacher, slots, prompt, answer, end
        self.length = prompt + answer + CHUNK
        self.device, shape = teacher.embedding.device, teacher.shape
        self.weights = [layer_weights(layer, teacher.computation) for layer in teacher.model.model.layers]
        size = (len(self.weights), slots, shape.kv_heads, self.length, shape.head_width)
        self.keys, self.values = (torch.zeros(size, dtype=teacher.computation, device=self.device) for _ in range(2))
        self.tokens = torch.zeros(slots, self.length, dtype=torch.long, device=self.device)
        self.positions = torch.zeros(slots, dtype=torch.long, device=self.device)
        self.temperatures = torch.zeros(slots, device=self.device)
        self.rows = torch.arange(slots, device=self.device)
        self.graphs: dict[int, torch.cuda.CUDAGraph] = {}
        torch.manual_seed(seed)

    @torch.no_grad()
    def answers(self, prompts: list[list[int]], temperatures: list[float], seconds: float) -> list[tuple[int, list[int]]]:
        """Returns prompt numbers and whole texts, for as many prompts as time permits but at least one."""
        end, found = time.monotonic() + seconds, []
        waiting = list(range(len(prompts)))[::-1]
        owner, begins = [-1] * self.slots, [0] * self.slots
        while True:
            free = [slot for slot in range(self.slots) if owner[slot] < 0]
            is_over = found and time.monotonic() > end
            taken = [] if is_over else free[: len(waiting)]
            for begin in range(0, len(taken), 256):
                group = taken[begin : begin + 256]
                for slot in group:
                    owner[slot] = waiting.pop()
                    begins[slot] = len(prompts[owner[slot]])
                self._fill(group, [prompts[owner[slot]] for slot in group], [temperatures[owner[slot]] for slot in group])
            if is_over or all(one < 0 for one in owner):
                return found
            seen = min(self.length, -(-(int(self.positions.max()) + 1 + CHUNK) // 64) * 64)
            for _ in range(CHUNK):
                self._step(seen)
            positions, tokens = self.positions.tolist(), self.tokens.cpu()
            for slot in range(self.slots):
                if owner[slot] < 0:
                    continue
                text = tokens[slot, : positions[slot] + 1].tolist()
                answer = text[begins[slot] :]
                if self.end in answer:
                    text = text[: begins[slot] + answer.index(self.end) + 1]
                elif len(answer) < self.answer:
                    continue
                found.append((owner[slot], text[: begins[slot] + self.answer]))
                owner[slot] = -1

    def _fill(self, slots: list[int], prompts: list[list[int]], temperatures: list[float]) -> None:
        """Prefills slots with prompts padded to one length, and samples their first tokens."""
        teacher, shape = self.teacher, self.teacher.shape
        ids = torch.zeros(len(slots), self.prompt, dtype=torch.long)
        for row, prompt in enumerate(prompts):
            ids[row, : len(prompt)] = torch.tensor(prompt)
        ids, where = ids.to(self.device), torch.tensor(slots, device=self.device)
        x = teacher.embedding[ids].flatten(0, 1)
        cosines, sines = teacher.rotary(torch.arange(self.prompt, device=self.device).repeat(len(slots)))
        for index, weights in enumerate(self.weights):
            query, key, value = (
                one.view(len(slots), self.prompt, -1, shape.head_width).transpose(1, 2)
                for one in teacher.layers.before(x, weights, shape, cosines, sines)
            )
            self.keys[index, where, :, : self.prompt], self.values[index, where, :, : self.prompt] = key, value
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True, enable_gqa=True)
            x = teacher.layers.after(x, mixed.transpose(1, 2).flatten(0, 1), weights, shape)
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=self.device)
        last = x.view(len(slots), self.prompt, -1)[torch.arange(len(slots), device=self.device), lengths - 1]
        self.temperatures[where] = torch.tensor(temperatures, device=self.device)
        self.tokens[where, : self.prompt] = ids
        self.tokens[where, lengths] = self._drawn(last, self.temperatures[where])
        self.positions[where] = lengths

    def _drawn(self, x: torch.Tensor, temperatures: torch.Tensor) -> torch.Tensor:
        """Samples with Gumbel noise scaled by the temperature; zero is greedy."""
        logits = self.teacher.logits(normalized(x, self.teacher.model.model.norm.weight, self.teacher.shape.epsilon))
        noise = -torch.empty_like(logits).exponential_().log()
        return (logits + noise * temperatures[:, None]).argmax(-1)

    def _step(self, seen: int) -> None:
        """Generates one token in every slot, attending to positions up to `seen`. Free slots run too; their results are ignored."""
        if self.device.type != "cuda":
            self._advance(seen)
            return
        if seen not in self.graphs:
            # Warm up with a real step outside the graph.
            self._advance(seen)
            torch.cuda.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self._advance(seen)
            self.graphs[seen] = graph
            return
        self.graphs[seen].replay()

    def _advance(self, seen: int) -> None:
        teacher, shape = self.teacher, self.teacher.shape
        positions = self.positions
        x = teacher.embedding[self.tokens[self.rows, positions]]
        cosines, sines = teacher.rotary(positions)
        mask = (torch.arange(seen, device=self.device)[None] <= positions[:, None])[:, None, None]
        for index, weights in enumerate(self.weights):
            query, key, value = teacher.layers.before(x, weights, shape, cosines, sines)
            self.keys[index, self.rows, :, positions], self.values[index, self.rows, :, positions] = key, value
            # The query heads of a KV head form the rows of one small matrix.
            grouped = query.view(self.slots, shape.kv_heads, -1, shape.head_width)
            mixed = F.scaled_dot_product_attention(grouped, self.keys[index, :, :, :seen], self.values[index, :, :, :seen], mask)
            x = teacher.layers.after(x, mixed.flatten(1, 2), weights, shape)
        following = (positions + 1).clamp(max=self.length - 1)
        self.tokens[self.rows, following] = self._drawn(x, self.temperatures)
        self.positions.copy_(following)
