"""The recipe's command line: `python -m recipe COMMAND --help`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import torch

from recipe import checkpoints, curves, depth, distributed, embedded, evaluation, vocabulary
from recipe.cycles import HISTORIES, PROMPT_INPUTS, VANILLA, MaskedPass, Rule
from recipe.examples import Chat, FileExamples, GeneratedExamples
from recipe.head import commands as head
from recipe.routing import LAYERS, ORDERS, Routing, route, routed_layers, train_routers_alone
from recipe.tasks import SUITE, held_out_items, training_item
from recipe.training import Run, Schedule


def main(words: list[str] | None = None) -> int:
    arguments = parse_arguments(words)
    return arguments.run(arguments)


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="recipe", description="Train models for multi-token decoding.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    items = commands.add_parser("items", help="write the held-out items of every task as JSONL")
    items.add_argument("--out", type=Path, required=True)
    items.add_argument("--count", type=int, default=200)
    items.set_defaults(run=write_items)

    tokenizer = commands.add_parser("tokenizer", help="train a byte-level BPE tokenizer on the task suite")
    tokenizer.add_argument("--out", type=Path, required=True)
    tokenizer.add_argument("--size", type=int, default=1024)
    tokenizer.set_defaults(run=train_tokenizer)

    pretrain = commands.add_parser("pretrain", help="train a small Qwen3 from scratch, for vanilla decoding")
    pretrain.add_argument("--tokenizer", type=Path, required=True, help="directory with tokenizer.json")
    for name, default in (("layers", 24), ("width", 128), ("inner", 384), ("heads", 4), ("kv-heads", 2)):
        pretrain.add_argument(f"--{name}", type=int, default=default)
    add_training_options(pretrain, steps=4000, learning_rate=2e-3, seed=0)
    pretrain.set_defaults(run=run_pretrain)

    finetune = commands.add_parser("finetune", help="teach a Qwen3 directory several factors by cyclical masking")
    finetune.add_argument("--model", type=Path, required=True, help="Hugging Face directory")
    finetune.add_argument("--factors", type=parse_factors, default=(VANILLA, 2, 3, 4, 6), metavar="off,2,3,4,6")
    finetune.add_argument("--head-layers", type=int, default=8)
    finetune.add_argument("--phase", choices=tuple(PROMPT_INPUTS), default="prompt")
    inputs = dict.fromkeys(one for several in PROMPT_INPUTS.values() for one in several)
    finetune.add_argument("--prompt-input", choices=tuple(inputs), default="", help="default: trunk; masked in absolute phase")
    finetune.add_argument("--history", choices=HISTORIES, default="real")
    finetune.add_argument("--distillation", type=float, default=0.0, metavar="SHARE")
    finetune.add_argument("--freeze-trunk", action="store_true")
    # The seed differs from `pretrain`'s, so that fine-tuning sees other questions.
    add_training_options(finetune, steps=3000, learning_rate=1.5e-3, seed=1)
    finetune.set_defaults(run=run_finetune)

    router = commands.add_parser("route", help="train only routers and adapters, which let tokens skip layers (FlexiDepth)")
    router.add_argument("--model", type=Path, required=True, help="Hugging Face directory; training continues if it is already routed")
    router.add_argument("--method", choices=tuple(LAYERS), default="flexidepth")
    router.add_argument("--routing-layers", type=parse_layers, metavar="16-31", help="default: the second half")
    router.add_argument("--router-reduction", type=int, default=16, metavar="N", help="router width is model width / N")
    router.add_argument("--proj-reduction", type=int, default=16, metavar="N", help="adapter width is MLP width / N")
    router.add_argument("--router-order", choices=ORDERS, default="tanh_norm")
    router.add_argument("--capacity", type=parse_share, default=0.5, metavar="SHARE", help="mixture_of_depths: share of tokens")
    router.add_argument("--penalties", type=parse_penalties, default=(1e-3, 1e-4), metavar="A,B", help="penalty on depth, per stage")
    router.add_argument("--lifted", type=float, default=0.4, metavar="SHARE", help="share of steps in which gates are lowered")
    add_training_options(router, steps=3000, learning_rate=1e-3, seed=4)
    router.set_defaults(run=run_route)

    evaluate = commands.add_parser("evaluate", help="measure exact answers by task and factor, decoded in PyTorch")
    evaluate.add_argument("--model", type=Path, required=True)
    evaluate.add_argument("--tasks", type=Path, nargs="+", required=True, help="JSONL files")
    evaluate.add_argument("--factors", type=parse_factors, default=(VANILLA, 2, 3, 4, 6), metavar="off,2,3,4,6")
    evaluate.add_argument("--head-layers", type=int, default=8)
    evaluate.add_argument("--limit", type=int, help="items per task")
    evaluate.add_argument("--answers", type=Path, help="write every answer here as JSONL")
    evaluate.add_argument("--against", type=Path, metavar="JSON", help="compare with the output of `volley eval --json`")
    evaluate.set_defaults(run=run_evaluate)

    deep = commands.add_parser("depth", help="measure how many right answers a routed model keeps, and the layers it uses")
    deep.add_argument("--model", type=Path, required=True, help="routed directory")
    deep.add_argument("--plain", type=Path, required=True, help="directory of the model before routing")
    deep.add_argument("--tasks", type=Path, nargs="+", required=True, help="JSONL files")
    deep.add_argument("--out", type=Path, help="write the table here")
    deep.add_argument("--limit", type=int, help="items per task")
    deep.set_defaults(run=run_depth)

    head.add(commands)

    picture = commands.add_parser("curves", help="plot the losses of runs")
    picture.add_argument("runs", type=Path, nargs="+")
    picture.add_argument("--out", type=Path, required=True, help="an SVG file")
    picture.set_defaults(run=draw_curves)

    export = commands.add_parser("export", help="pack a trained directory into lz4 shards, with volley")
    export.add_argument("--model", type=Path, required=True)
    export.add_argument("--out", type=Path, required=True)
    export.add_argument("--volley", default="volley", help="path of the executable")
    export.add_argument("--format", default="bf16")
    export.add_argument("--rounded-routers", action="store_true", help="store routers in bfloat16 too, which may change the skipped layers")
    export.set_defaults(run=run_export)

    for name, make, purpose in (
        ("embedded", embedded.make, "make the embedded model, from the tokenizer to the tables"),
        ("embedded-depth", embedded.make_depth, "make the variant of the embedded model whose tokens skip layers"),
    ):
        model = commands.add_parser(name, help=purpose)
        model.add_argument("--runs", type=Path, required=True, help="directory for training; existing runs are resumed")
        model.add_argument("--weights", type=Path, required=True, help="directory for model, items, logs and tables")
        model.add_argument("--volley", default="volley", help="path of the executable")
        model.set_defaults(run=make_embedded, make=make)
    return parser.parse_args(words)


def add_training_options(parser: argparse.ArgumentParser, steps: int, learning_rate: float, seed: int) -> None:
    parser.add_argument("--out", type=Path, required=True, help="directory of the run; an existing run is resumed")
    parser.add_argument("--data", type=Path, help="JSONL file; default: the task suite")
    parser.add_argument("--weights", type=parse_weights, default={}, metavar="TASK=N,…", help="relative frequencies of tasks")
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--sequences", type=int, default=64, help="sequences per step")
    parser.add_argument("--learning-rate", type=float, default=learning_rate)
    parser.add_argument("--longest", type=int, default=1024, help="maximum tokens of an example from --data")
    parser.add_argument("--tokens-at-once", type=int, default=1024, help="tokens per forward pass; thousands on a GPU")
    parser.add_argument("--optimizer", choices=("adamw", "muon"), default="adamw")
    parser.add_argument("--answer-power", type=float, default=1.0, help="an answer of n tokens has weight n to this power")
    parser.add_argument("--compile", action="store_true", help="compile layers, which speeds up small models")
    parser.add_argument("--replicate", action="store_true", help="keep the whole model in every process, which speeds up small models")
    parser.add_argument("--seed", type=int, default=seed)


def parse_weights(text: str) -> dict[str, float]:
    pairs = [pair.partition("=") for pair in text.split(",")]
    try:
        weights = {name: float(number) for name, _, number in pairs}
    except ValueError:
        weights = {}
    if not weights or any(name not in SUITE or not 0 <= weight < 1000 for name, weight in weights.items()):
        raise argparse.ArgumentTypeError("give tasks of the suite and numbers, such as sum=4,sort=2")
    return weights


def parse_factors(text: str) -> tuple[int, ...]:
    try:
        factors = tuple(VANILLA if word == "off" else int(word) for word in text.split(","))
    except ValueError:
        factors = ()
    if not factors or any(factor not in range(17) for factor in factors):
        raise argparse.ArgumentTypeError("give 'off' and factors from 1 to 16, separated by commas")
    return factors


def parse_layers(text: str) -> tuple[int, ...]:
    try:
        ends = [[int(end) for end in part.split("-")] for part in text.split(",")]
        layers = tuple(layer for one in ends for layer in range(one[0], one[-1] + 1))
    except ValueError:
        layers = ()
    if not layers or list(layers) != sorted(set(layers)):
        raise argparse.ArgumentTypeError("give layers in ascending order, such as 12-23 or 4,6,8-11")
    return layers


def parse_penalties(text: str) -> tuple[float, ...]:
    try:
        penalties = tuple(float(word) for word in text.split(","))
    except ValueError:
        penalties = ()
    if not penalties or any(not 0 <= one < 1000 for one in penalties):
        raise argparse.ArgumentTypeError("give a number for each stage, such as 1e-3,1e-4")
    return penalties


def parse_share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError("give a number above 0 and up to 1")
    return share


def write_items(arguments: argparse.Namespace) -> int:
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, task in SUITE.items():
        lines = [
            json.dumps({"prompt": item.prompt, "answer": item.answer, "metric": task.metric})
            for item in held_out_items(name, arguments.count)
        ]
        (arguments.out / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return 0


def train_tokenizer(arguments: argparse.Namespace) -> int:
    random = Random(0)
    items = [training_item(random) for _ in range(30_000)]
    # ChatML's markers are left out: they are special tokens, which merges must not split.
    texts = [text for item in items for text in ("user", item.prompt, "assistant", item.answer)]
    arguments.out.mkdir(parents=True, exist_ok=True)
    vocabulary.save(vocabulary.train(texts, arguments.size), arguments.out)
    return 0


def examples_of(arguments: argparse.Namespace, tokenizer_directory: Path) -> FileExamples | GeneratedExamples:
    chat = Chat(tokenizer_directory)
    if arguments.data is None:
        return GeneratedExamples(chat, arguments.seed, arguments.weights)
    return FileExamples(arguments.data, chat, arguments.seed, arguments.longest)


def run_pretrain(arguments: argparse.Namespace) -> int:
    names = ("layers", "width", "inner", "heads", "kv_heads")
    size = vocabulary.load(arguments.tokenizer).get_vocab_size()
    model = checkpoints.small_model(size, {name: getattr(arguments, name) for name in names}, arguments.seed)
    schedule = Schedule(
        steps=arguments.steps, sequences=arguments.sequences, learning_rate=arguments.learning_rate,
        seed=arguments.seed, tokens_at_once=arguments.tokens_at_once, optimizer=arguments.optimizer,
        answer_power=arguments.answer_power,
    )  # fmt: skip
    process, processes = distributed.start()
    masked = prepared(MaskedPass(model, schedule.head_layers), arguments, processes)
    run = Run(masked, examples_of(arguments, arguments.tokenizer), schedule, arguments.out, 0, None, process, processes)
    run.train()
    checkpoints.save(run, arguments.tokenizer)
    return 0


def prepared(masked: MaskedPass, arguments: argparse.Namespace, processes: int) -> MaskedPass:
    """Compiles and shards the model as requested. Muon needs whole matrices, so with it every process holds the whole model."""
    if arguments.compile:
        masked.compile_layers()
    is_shared_out = processes > 1 and arguments.optimizer == "adamw" and not arguments.replicate
    return distributed.sharded(masked, masked.computation) if is_shared_out else masked


def run_finetune(arguments: argparse.Namespace) -> int:
    try:
        rule = Rule(arguments.phase, arguments.prompt_input, arguments.history)
    except ValueError as error:
        raise SystemExit(f"recipe: {error}") from None
    process, processes = distributed.start()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    computation = torch.bfloat16 if device.type == "cuda" else torch.float32

    def masked(dtype: torch.dtype, freezes_trunk: bool) -> MaskedPass:
        result = MaskedPass(checkpoints.load(arguments.model, device, dtype), arguments.head_layers, computation)
        if freezes_trunk:
            result.freeze_trunk()
        return prepared(result, arguments, processes)

    student = masked(torch.float32, arguments.freeze_trunk)
    teacher = masked(computation, freezes_trunk=False).eval() if arguments.distillation > 0 else None
    schedule = Schedule(
        steps=arguments.steps, sequences=arguments.sequences, learning_rate=arguments.learning_rate,
        factors=arguments.factors, head_layers=arguments.head_layers, rule=rule, seed=arguments.seed,
        distillation=arguments.distillation, tokens_at_once=arguments.tokens_at_once, optimizer=arguments.optimizer,
        answer_power=arguments.answer_power,
    )  # fmt: skip
    examples, pad = examples_of(arguments, arguments.model), student.model.config.pad_token_id or 0
    run = Run(student, examples, schedule, arguments.out, pad, teacher, process, processes)
    run.train()
    checkpoints.save(run, arguments.model)
    return 0


def run_route(arguments: argparse.Namespace) -> int:
    process, processes = distributed.start()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    computation = torch.bfloat16 if device.type == "cuda" else torch.float32
    model = checkpoints.load(arguments.model, device, torch.float32)
    examples, pad = examples_of(arguments, arguments.model), model.config.pad_token_id or 0
    if not routed_layers(model):
        layers = len(model.model.layers)
        chosen = arguments.routing_layers or tuple(range(layers // 2, layers))
        torch.manual_seed(arguments.seed)
        reductions = (arguments.router_reduction, arguments.proj_reduction)
        route(model, Routing(chosen, *reductions, arguments.router_order, arguments.method, arguments.capacity))
    train_routers_alone(model)
    # Only vanilla decoding is trained here, for which the split into trunk and head does not matter.
    student = prepared(MaskedPass(model, 1, computation), arguments, processes)
    schedule = Schedule(
        steps=arguments.steps, sequences=arguments.sequences, learning_rate=arguments.learning_rate, seed=arguments.seed,
        tokens_at_once=arguments.tokens_at_once, optimizer=arguments.optimizer, answer_power=arguments.answer_power,
        penalties=arguments.penalties, lifted=arguments.lifted,
    )  # fmt: skip
    run = Run(student, examples, schedule, arguments.out, pad, None, process, processes)
    run.train()
    checkpoints.save(run, arguments.model)
    return 0


def run_evaluate(arguments: argparse.Namespace) -> int:
    model = checkpoints.load(arguments.model, torch.device("cpu"), torch.float32).eval()
    chat = Chat(arguments.model)
    lines = []
    for path in arguments.tasks:
        items = [item for item in evaluation.read_items(path, arguments.limit) if item.get("metric") != "loss"]
        if not items:
            continue
        shown = []
        for factor in arguments.factors:
            prompts = [item["prompt"] for item in items]
            found = evaluation.answers(model, chat, prompts, factor, arguments.head_layers)
            name = evaluation.plan_name(model, factor)
            shown.append(f"{name} {100 * evaluation.accuracy(found, items):5.1f} %")
            lines += [{"task": path.stem, "plan": name, "item": index, "text": text} for index, text in enumerate(found)]
        print(f"{path.stem:20}", "  ".join(shown), flush=True)
    if arguments.answers:
        arguments.answers.write_text("\n".join(map(json.dumps, lines)) + "\n")
    if arguments.against:
        print(evaluation.agreement(lines, json.loads(arguments.against.read_text())))
    return 0


def run_depth(arguments: argparse.Namespace) -> int:
    chat, tasks = Chat(arguments.model), {}
    for path in arguments.tasks:
        tasks[path.stem] = evaluation.read_items(path, arguments.limit)
    both = []
    for directory in (arguments.plain, arguments.model):
        model = checkpoints.load(directory, torch.device("cpu"), torch.float32).eval()
        both.append({name: depth.judged_items(model, chat, items) for name, items in tasks.items()})
    table = depth.table(*both)
    print(table)
    if arguments.out:
        arguments.out.write_text(table + "\n")
    return 0


def draw_curves(arguments: argparse.Namespace) -> int:
    curves.draw(arguments.runs, arguments.out)
    return 0


def make_embedded(arguments: argparse.Namespace) -> int:
    def recipe(*words: object) -> None:
        if main([str(word) for word in words]) != 0:
            raise SystemExit(f"recipe: {words[0]} failed")

    arguments.make(recipe, arguments.runs, arguments.weights, arguments.volley)
    return 0


def run_export(arguments: argparse.Namespace) -> int:
    with TemporaryDirectory() as rounded:
        if arguments.rounded_routers:
            checkpoints.copy_with_rounded_routers(arguments.model, Path(rounded))
        model = rounded if arguments.rounded_routers else str(arguments.model)
        command = [arguments.volley, "pack", model, str(arguments.out), "--format", arguments.format, "--compress", "lz4hc"]
        return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main())
