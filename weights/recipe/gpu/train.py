"""Trains a head on one accelerator within minutes: answers, training, evaluation. Writes the head in small parts.

Needs torch, transformers, safetensors, numpy and the parent directory; downloads nothing. `prepare.py` makes the parcel.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save

sys.path.insert(0, str(Path(__file__).parents[1]))
import base  # noqa: E402
from generate import Generator  # noqa: E402
from padded import Texts, add_on_states, drawn_rows, taught  # noqa: E402
from parcel import split  # noqa: E402

from recipe.head.addon import AddOn  # noqa: E402
from recipe.head.evaluation import evaluate  # noqa: E402
from recipe.head.loss import Divergence, Vocabulary  # noqa: E402
from recipe.head.stack import Layers, compiled_layers, fast_type, layer_weights  # noqa: E402
from recipe.head.teacher import Lesson, Teacher  # noqa: E402
from recipe.optimizers import optimizers  # noqa: E402

TEMPERATURES = (0.0, 0.8, 0.9, 1.0)
CURVE = (300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000, 300_000_000)
BATCHES = ((0, 0.03), (300_000, 0.12), (2_000_000, 0.25), (10_000_000, 0.5), (40_000_000, 1.0))
"""Pairs: from this number of trained tokens on, this share of the largest batch."""


class HeldOut:
    """Held-out texts in the form of `recipe.head.evaluation`."""

    def __init__(self, teacher: Teacher, texts: list[list[int]], answer_starts: list[int], kinds: list[str]):
        self.kinds = kinds
        self.lessons = [teacher.teach([text], [start])[0] for text, start in zip(texts, answer_starts)]

    def __len__(self) -> int:
        return len(self.lessons)

    def lesson(self, index: int) -> Lesson:
        return self.lessons[index]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcel", type=Path, required=True, help="directory with the files of all transfers")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=540)
    parser.add_argument("--generating", type=float, default=0.3, help="share of the time spent on generating answers")
    parser.add_argument("--slots", type=int, default=2048, help="sequences generated at once")
    parser.add_argument("--answer", type=int, default=256, help="maximum tokens of an answer")
    parser.add_argument("--texts", type=int, default=128, help="texts in the largest batch")
    parser.add_argument("--rows", type=int, default=512, help="head-only rows per text in a batch")
    parser.add_argument("--head-layers", type=int, default=8)
    parser.add_argument("--factors", type=int, nargs="+", default=(2, 3, 4, 6))
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--common", type=int, default=8192)
    parser.add_argument("--sample", type=int, default=2048)
    parser.add_argument("--held-out", type=int, default=256)
    parser.add_argument("--no-compile", action="store_true")
    run(parser.parse_args())


def run(arguments: argparse.Namespace) -> None:
    begin = time.monotonic()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = open(arguments.out / "log.jsonl", "a")

    def say(**line: object) -> None:
        text = json.dumps({"second": round(time.monotonic() - begin, 1), **line})
        print(text, flush=True)
        print(text, file=log, flush=True)

    with tempfile.TemporaryDirectory() as work:
        model = base.load(arguments.parcel, Path(work))
    end_token = model.config.eos_token_id
    teacher = Teacher(model.to(device), arguments.head_layers, fast_type(device), Layers())
    say(device=str(device), parameters=sum(one.numel() for one in model.parameters()))

    held_out = base.prompts(arguments.parcel, "held-out")[: arguments.held_out]
    training = base.prompts(arguments.parcel, "prompts")
    longest = max(len(ids) for _, ids in (*training, *held_out))
    generator = Generator(teacher, arguments.slots, longest, arguments.answer, end_token, seed=0)
    spared = 0.1 * arguments.seconds
    found = generator.answers([ids for _, ids in held_out], [0.0] * len(held_out), spared)
    asked = [held_out[one] for one, _ in found]
    exam = HeldOut(teacher, [text for _, text in found], [len(ids) for _, ids in asked], [kind for kind, _ in asked])
    say(held_out=len(exam))
    start = time.monotonic()
    temperatures = [TEMPERATURES[index % len(TEMPERATURES)] for index in range(len(training))]
    found = generator.answers([ids for _, ids in training], temperatures, arguments.generating * arguments.seconds)
    answers = [(text, len(training[one][1])) for one, text in found if len(text) > len(training[one][1]) + 1]
    made = sum(len(text) - start for text, start in answers)
    say(answers=len(answers), answer_tokens=made, tokens_per_second=round(made / (time.monotonic() - start)))
    del generator
    train(arguments, teacher, answers, exam, begin, say)


def on_device(answers: list[tuple[list[int], int]], device: torch.device) -> Texts:
    ids = torch.zeros(len(answers), max(len(text) for text, _ in answers), dtype=torch.long)
    for row, (text, _) in enumerate(answers):
        ids[row, : len(text)] = torch.tensor(text)
    starts, lengths = ([start for _, start in answers], [len(text) for text, _ in answers])
    return Texts(ids.to(device), torch.tensor(starts, device=device), torch.tensor(lengths, device=device))


def train(arguments: argparse.Namespace, teacher: Teacher, answers: list, exam: HeldOut, begin: float, say) -> None:  # noqa: ANN001
    device = teacher.embedding.device
    texts = on_device(answers, device)
    if not arguments.no_compile:
        teacher.layers = compiled_layers()
    addon = AddOn(teacher)
    weights = [layer_weights(layer, teacher.computation) for layer in teacher.model.model.layers]
    counts = torch.bincount(texts.ids[:2000].flatten().cpu(), minlength=len(teacher.output)).to(device)
    vocabulary = Vocabulary(teacher.output, counts, arguments.common, arguments.sample)
    made = optimizers(addon, "muon", weight_decay=0.0)
    draws = torch.Generator().manual_seed(0)
    # Reserve the last seconds for evaluation and for writing the head.
    start, end = time.monotonic(), begin + 0.88 * arguments.seconds
    step = trained = 0
    divergence = agrees = None
    while (now := time.monotonic()) < end or step == 0:
        done = min(1.0, (now - start) / (end - start)) if end > start else 0.0
        rate = arguments.learning_rate * min(1, (step + 1) / 20, (1 - done) / 0.25)
        share = max(share for first, share in BATCHES if first <= trained)
        count = max(1, round(share * arguments.texts))
        batch = texts.chosen(torch.randint(len(texts), (count,), generator=draws).to(device))
        kept, states = taught(teacher, weights, batch)
        rows = drawn_rows(batch, tuple(arguments.factors), arguments.rows)
        found = add_on_states(addon, batch, rows, kept)
        expected = states.gather(1, rows.positions[..., None].expand(-1, -1, states.shape[-1]))[rows.real]
        divergence, agrees = Divergence.apply(found, expected, vocabulary.drawn(draws), arguments.common, vocabulary.weight)
        divergence.mean().backward()
        torch.nn.utils.clip_grad_norm_(addon.parameters(), 1.0)
        for optimizer in made:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        before, step = trained, step + 1
        trained += len(found)
        if step % 50 == 0 or step < 4:
            line = {"kl": round(float(divergence.detach().mean()), 4), "agreement": round(float(agrees.float().mean()), 4)}
            say(step=step, trained=trained, rate=rate, tokens_per_second=round(trained / (time.monotonic() - start)), **line)
        if any(before < mark <= trained for mark in CURVE):
            say(trained=trained, held_out=evaluate(addon, teacher, exam, texts=48, stride=4))
    say(step=step, trained=trained, passes=round(trained / max(1, sum(len(text) for text, _ in answers)), 2))
    card = json.loads((arguments.parcel / "card.json").read_text())
    bring_back(arguments, addon, teacher, {"head_of": card, "trained_tokens": trained, "steps": step})
    say(final=evaluate(addon, teacher, exam, stride=4))


def bring_back(arguments: argparse.Namespace, addon: AddOn, teacher: Teacher, card: dict) -> None:
    tensors = {f"head.{name}": one.detach().cpu().bfloat16().contiguous() for name, one in addon.state_dict().items()}
    split(save(tensors, metadata={"format": "pt"}), arguments.out, "head.safetensors")
    card |= {
        "num_thinking_layers": teacher.trunk_layers, "num_decoding_layers": teacher.head_layers,
        "mtp_horizon": max(arguments.factors), "dmtd_head_history": "refreshed", "factors": list(arguments.factors),
        "optimizer": "muon", "rate": arguments.learning_rate, "decayed": True,
    }  # fmt: skip
    (arguments.out / "head.json").write_text(json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    main()
