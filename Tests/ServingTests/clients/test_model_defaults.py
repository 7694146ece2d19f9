"""A request that names no sampling parameters gets those that the model's makers recommend."""

import json
import pathlib
import subprocess

import pytest

from conftest import MODEL, REPEAT, ROOT, VOLLEY, Served

MESSAGES = [{"role": "user", "content": REPEAT}]


@pytest.fixture
def recommended(tmp_path):
    """Serves the embedded model with another generation_config.json."""
    servers = []

    def serve(**fields):
        directory = tmp_path / MODEL
        if not directory.exists():
            subprocess.run([VOLLEY, "unpack", ROOT / "weights" / MODEL, directory], check=True)
        file = pathlib.Path(directory / "generation_config.json")
        file.write_text(json.dumps({"eos_token_id": 2} | fields))
        servers.append(Served("--model", directory))
        return servers[-1].client()

    yield serve
    for server in servers:
        assert server.stop() == 0


def test_greedy_is_the_default_of_a_model_whose_makers_do_not_draw(recommended):
    client = recommended(do_sample=False, temperature=1.9)
    assert client.models.retrieve(MODEL).sampling == {"temperature": 0}
    greedy = client.chat.completions.create(model=MODEL, messages=MESSAGES, temperature=0)
    texts = {client.chat.completions.create(model=MODEL, messages=MESSAGES).choices[0].message.content for _ in range(3)}
    assert texts == {greedy.choices[0].message.content}


def test_numbers_are_the_defaults_and_each_field_overrides_its_own(recommended):
    client = recommended(do_sample=True, temperature=1.5, top_k=1, max_new_tokens=5)
    assert client.models.retrieve(MODEL).sampling == {"temperature": 1.5, "top_k": 1}
    own = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    greedy = client.chat.completions.create(model=MODEL, messages=MESSAGES, temperature=0)
    assert own.choices[0].token_ids == greedy.choices[0].token_ids, "top-k 1 leaves the most likely token alone"
    assert own.usage.completion_tokens == 5
    assert own.choices[0].finish_reason == "length"
    longer = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=9)
    assert longer.usage.completion_tokens == 9
    options = {"extra_body": {"top_k": 0, "ignore_eos": True}, "max_tokens": 40, "seed": 5}
    drawn = client.chat.completions.create(model=MODEL, messages=MESSAGES, **options)
    again = client.chat.completions.create(model=MODEL, messages=MESSAGES, **options)
    assert drawn.choices[0].token_ids == again.choices[0].token_ids
    other = client.chat.completions.create(model=MODEL, messages=MESSAGES, **options | {"seed": 6})
    assert drawn.choices[0].token_ids != other.choices[0].token_ids


def test_penalties_of_presence_and_frequency_count_the_answer(client):
    def ids(**options):
        answer = client.completions.create(
            model=MODEL, prompt="In the beginning", max_tokens=60, temperature=0, extra_body={"ignore_eos": True}, **options
        )
        return answer.choices[0].token_ids

    plain = ids()
    assert ids(presence_penalty=0, frequency_penalty=0.0) == plain
    repeated = len(plain) - len(set(plain))
    for name in ["presence_penalty", "frequency_penalty"]:
        weakened = ids(**{name: 2})
        assert len(weakened) - len(set(weakened)) < repeated, name
