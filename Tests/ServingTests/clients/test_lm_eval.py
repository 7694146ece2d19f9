"""lm-eval against the real server, on tasks in files: generation through both endpoints, and loglikelihoods."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from conftest import KEY, MODEL, ROOT

LISTS = ["38 58 10 14", "27 26 78 11", "75 36 57 54", "12 99 45 33"]


def ordered(numbers):
    return " ".join(sorted(numbers.split(), key=int))


def write_tasks(folder):
    questions = [
        {
            "question": f"Sort this list: {numbers}",
            "answer": ordered(numbers),
            "choices": [ordered(numbers), " ".join(reversed(ordered(numbers).split()))],
        }
        for numbers in LISTS
    ]
    (folder / "questions.jsonl").write_text("".join(json.dumps(question) + "\n" for question in questions))
    common = f"""
dataset_path: json
dataset_kwargs: {{data_files: {{test: {folder}/questions.jsonl}}}}
test_split: test
"""
    (folder / "sort.yaml").write_text(
        f"""task: sort{common}
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 24, temperature: 0}}
metric_list: [{{metric: exact_match}}]
"""
    )
    (folder / "order.yaml").write_text(
        f"""task: order{common}
output_type: multiple_choice
doc_to_text: "<|im_start|>user\\n{{{{question}}}}<|im_end|>\\n<|im_start|>assistant\\n"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: 0
target_delimiter: ""
metric_list: [{{metric: acc}}]
"""
    )


@pytest.fixture(scope="module")
def evaluate(served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tasks")
    write_tasks(folder)

    def run(model, path, task, *more):
        arguments = [f"model={MODEL}", f"base_url={served.url}{path}", f"tokenizer={ROOT}/weights/{MODEL}"]
        environment = dict(os.environ, OPENAI_API_KEY=KEY, HF_HUB_OFFLINE="1", HF_HOME=str(folder / "cache"))
        output = folder / f"{model}-{task}"
        command = subprocess.run(
            [
                pathlib.Path(sys.executable).with_name("lm_eval"), "--model", model, "--model_args", ",".join(arguments),
                "--include_path", folder, "--tasks", task, "--output_path", output, *more,
            ],
            capture_output=True, text=True, env=environment,
        )  # fmt: skip
        assert command.returncode == 0, command.stderr[-4000:]
        (file,) = output.rglob("results_*.json")
        return json.loads(file.read_text())["results"][task]

    return run


def test_chats(evaluate):
    result = evaluate(
        "local-chat-completions", "/v1/chat/completions", "sort", "--apply_chat_template", "--gen_kwargs", "mtd=4"
    )
    assert result["exact_match,none"] == 1


def test_completions(evaluate):
    assert "exact_match,none" in evaluate("local-completions", "/v1/completions", "sort")


def test_loglikelihoods(evaluate):
    """The right order is likelier than its reverse."""
    assert evaluate("local-completions", "/v1/completions", "order")["acc,none"] == 1
