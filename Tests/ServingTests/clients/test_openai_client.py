"""The unmodified `openai` client against the real server."""

import subprocess
import time

import openai
import pytest

from conftest import LIST, MODEL, REPEAT, ROOT, VOLLEY, Served


def ask(client, content=REPEAT, **options):
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": content}], temperature=0, **options
    )


def test_models(client):
    (model,) = client.models.list().data
    assert model.id == MODEL
    assert client.models.retrieve(MODEL).mtd_largest == 16
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("another")


@pytest.mark.parametrize("mtd", ["off", 2, 4, 6])
def test_chat_is_what_generate_gives(client, alone, mtd):
    answer = ask(client, extra_body={"mtd": mtd})
    assert answer.choices[0].message.content == alone("--mtd", str(mtd), "--max-tokens", "1024", REPEAT)
    assert answer.choices[0].message.content.startswith(LIST + "\n" + LIST)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == len(answer.choices[0].token_ids)
    assert answer.mtd == str(mtd)


@pytest.mark.parametrize("plan", ["verified:4", "adaptive:6:0.8", "ngram", "exit:20"])
def test_a_request_names_its_plan(client, alone, plan):
    answer = ask(client, extra_body={"plan": plan})
    assert answer.choices[0].message.content == alone("--plan", plan, "--max-tokens", "1024", REPEAT)
    timings = answer.choices[0].model_extra.get("timings") or answer.model_extra.get("timings") or {}
    if plan in ("verified:4", "ngram"):
        vanilla = ask(client, extra_body={"mtd": "off"})
        assert answer.choices[0].message.content == vanilla.choices[0].message.content
        assert timings["accepted_tokens"] <= timings["drafted_tokens"]
    else:
        assert "drafted_tokens" not in timings or timings["drafted_tokens"] is None


@pytest.mark.parametrize(
    "fields, sentence",
    [
        ({"plan": "moon"}, "there is no decode plan named 'moon'"),
        ({"plan": "verified:17"}, "the factor of verified cycles is 17"),
        ({"plan": "verified:4", "mtd": 4}, "give mtd or plan, not both"),
        ({"plan": "layerskip:3"}, "cuts the model elsewhere"),
        ({"plan": "laco:2"}, "needs the model's weights"),
        ({"plan": "draft"}, "name it by --draft"),
        ({"plan": 4}, "plan"),
    ],
)
def test_a_plan_that_cannot_be_served_gets_one_sentence(client, fields, sentence):
    with pytest.raises(openai.BadRequestError) as failure:
        ask(client, extra_body=fields)
    assert failure.value.param == "plan" and sentence in failure.value.message


def test_stream_has_an_event_for_each_token_and_ends_with_usage(client):
    whole = ask(client, extra_body={"mtd": 4})
    events = list(ask(client, stream=True, extra_body={"mtd": 4}))
    tokens = [event.choices[0] for event in events if getattr(event.choices[0], "token_ids", None)]
    assert "".join(choice.delta.content or "" for choice in tokens) == whole.choices[0].message.content
    assert len(tokens) == whole.usage.completion_tokens
    assert [choice.cycle_place for choice in tokens[1:10]] == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert events[-1].choices[0].finish_reason == "stop"
    assert events[-1].usage == whole.usage
    assert events[-1].choices[0].timings["tokens_per_second"] > 0


def test_stream_options_add_an_event_for_the_usage(client):
    *_, last = ask(client, stream=True, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens


def test_completion_with_echo_and_logprobs(client):
    prompt = "Sort this list: 38 58 10"
    answer = client.completions.create(model=MODEL, prompt=prompt, max_tokens=4, temperature=0, echo=True, logprobs=3)
    choice = answer.choices[0]
    assert choice.text.startswith(prompt)
    scores = choice.logprobs
    count = answer.usage.total_tokens
    assert len(scores.tokens) == len(scores.token_logprobs) == len(scores.top_logprobs) == len(scores.text_offset) == count
    assert "".join(scores.tokens).startswith(prompt)
    assert scores.token_logprobs[0] is None and all(value <= 0 for value in scores.token_logprobs[1:])
    assert all(len(top) == 3 for top in scores.top_logprobs[1:])
    assert scores.text_offset[1] == len(scores.tokens[0])
    # The prompt's logprobs do not depend on what follows it.
    beginning = client.completions.create(model=MODEL, prompt=prompt, max_tokens=0, temperature=0, echo=True, logprobs=0)
    assert beginning.choices[0].text == prompt
    assert beginning.choices[0].logprobs.token_logprobs[1:] == scores.token_logprobs[1 : answer.usage.prompt_tokens]


def test_chat_logprobs(client):
    answer = ask(client, logprobs=True, top_logprobs=2, max_tokens=5)
    content = answer.choices[0].logprobs.content
    assert len(content) == 5
    for entry in content:
        assert len(entry.top_logprobs) == 2
        assert entry.token == entry.top_logprobs[0].token and entry.logprob == entry.top_logprobs[0].logprob
        assert bytes(entry.bytes).decode() == entry.token


def test_several_prompts_and_choices(client):
    answer = client.completions.create(
        model=MODEL, prompt=["Sort this list:", "Copy this:"], n=3, max_tokens=8, temperature=1.5, seed=7
    )
    assert [choice.index for choice in answer.choices] == list(range(6))
    alone = client.completions.create(model=MODEL, prompt="Copy this:", n=3, max_tokens=8, temperature=1.5, seed=7)
    assert [choice.text for choice in answer.choices[3:]] == [choice.text for choice in alone.choices]
    assert len({choice.text for choice in alone.choices}) > 1
    assert answer.usage.completion_tokens <= 48


def test_same_seed_same_text_whoever_else_is_there(served):
    def draw(client):
        return ask(client, seed=3, extra_body={"mtd": 3, "top_k": 40}, max_tokens=60)

    before = draw(served.client())
    streams = [ask(served.client(), stream=True, extra_body={"mtd": mtd, "ignore_eos": True}) for mtd in ("off", 2, 4)]
    assert draw(served.client()).choices[0].message.content == before.choices[0].message.content
    for stream in streams:
        stream.close()


def test_stop_strings(client):
    answer = ask(client, stop=["54 59", "nothing"])
    assert answer.choices[0].message.content == "75 36 57 "
    assert answer.choices[0].finish_reason == "stop"


def test_prompt_as_token_ids(client):
    ids = client.post("/../tokenize", body={"content": "Sort this list:"}, cast_to=object)["tokens"]
    by_ids = client.completions.create(model=MODEL, prompt=ids, max_tokens=6, temperature=0)
    by_text = client.completions.create(model=MODEL, prompt="Sort this list:", max_tokens=6, temperature=0)
    assert by_ids.choices[0].text == by_text.choices[0].text
    assert client.post("/../detokenize", body={"tokens": ids}, cast_to=object)["content"] == "Sort this list:"


def test_errors_are_openais(served, client):
    with pytest.raises(openai.AuthenticationError):
        served.client().with_options(api_key="another key").models.list()
    with pytest.raises(openai.NotFoundError) as failure:
        client.completions.create(model="another", prompt="a")
    assert failure.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as failure:
        client.completions.create(model=MODEL, prompt="a", suffix="b")
    assert failure.value.param == "suffix" and failure.value.code == "unsupported_field"
    with pytest.raises(openai.BadRequestError) as failure:
        client.completions.create(model=MODEL, prompt="a " * 5000)
    assert failure.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError) as failure:
        ask(client, extra_body={"mtd": 17})
    assert failure.value.param == "mtd"


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_client_that_leaves_frees_its_place(served, client):
    cancelled = served.metric('volley_jobs_total{end="cancelled"}')
    stream = ask(client, stream=True, max_tokens=1024, extra_body={"ignore_eos": True})
    next(iter(stream))
    stream.close()
    wait_until(lambda: served.metric('volley_jobs_total{end="cancelled"}') == cancelled + 1)
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.05), n=16, max_tokens=1024, extra_body={"ignore_eos": True})
    wait_until(lambda: served.metric('volley_jobs_total{end="cancelled"}') == cancelled + 17)
    wait_until(lambda: served.metric("volley_kv_bytes") == 0)


def test_a_full_queue_says_when_to_come_again():
    server = Served("--max-batch", "1", "--max-queue", "1")
    client = server.client()
    options = {"stream": True, "max_tokens": 1024, "extra_body": {"ignore_eos": True}}
    first = ask(client, **options)
    next(iter(first))
    second = ask(client, **options)
    with pytest.raises(openai.RateLimitError) as failure:
        ask(client)
    assert failure.value.response.headers["retry-after"] == "1"
    first.close()
    second.close()
    wait_until(lambda: server.metric("volley_queue_jobs") == server.metric("volley_batch_jobs") == 0)
    assert ask(client).choices[0].finish_reason == "stop"
    assert server.stop() == 0


def test_sigterm_answers_who_was_taken_and_refuses_who_comes():
    server = Served()
    client = server.client()
    streams = [ask(client, stream=True, max_tokens=400, extra_body={"ignore_eos": True}) for _ in range(12)]
    next(iter(streams[0]))
    server.process.terminate()
    counts = [sum(bool(getattr(event.choices[0], "token_ids", None)) for event in stream) for stream in streams]
    assert counts == [399] + [400] * 11 or counts == [400] * 12
    assert server.process.wait(timeout=30) == 0
    with pytest.raises(openai.APIConnectionError):
        ask(client)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The model in a format whose prompts may be read in chunks of any size."""
    path = str(tmp_path_factory.mktemp("packed") / MODEL)
    subprocess.run([VOLLEY, "pack", ROOT / "weights" / MODEL, path, "--format", "q8_0"], check=True)
    return path


def test_a_next_turn_reads_what_is_new_alone(packed):
    server = Served("--model", packed)
    client = server.client()
    messages = [{"role": "user", "content": REPEAT}]
    first = client.chat.completions.create(model=MODEL, messages=messages, temperature=0)
    messages += [first.choices[0].message, {"role": "user", "content": "Sort this list: 38 58 10"}]
    second = client.chat.completions.create(model=MODEL, messages=messages, temperature=0)
    assert first.usage.prompt_tokens_details.cached_tokens == 0
    assert second.usage.prompt_tokens_details.cached_tokens >= first.usage.prompt_tokens
    assert server.stop() == 0
    # The same from a server with nothing to reuse.
    server = Served("--model", packed)
    fresh = server.client().chat.completions.create(model=MODEL, messages=messages, temperature=0)
    assert fresh.usage.prompt_tokens_details.cached_tokens == 0
    assert fresh.choices[0].message.content == second.choices[0].message.content
    assert server.stop() == 0


def test_chats_at_once_read_their_system_prompt_once(packed):
    system = {"role": "system", "content": f"You sort lists. For example: {LIST}. " * 8}
    chats = [[system, {"role": "user", "content": content}] for content in (REPEAT, "Sort this list: 38 58 10")]

    def begin(client, messages, mtd, **options):
        return client.chat.completions.create(
            model=MODEL, messages=messages, temperature=0, extra_body={"mtd": mtd, "ignore_eos": True}, **options
        )

    alone = []
    for messages, mtd in zip(chats, ("off", 4), strict=True):
        server = Served("--model", packed)
        alone.append(begin(server.client(), messages, mtd, max_tokens=60))
        assert alone[-1].usage.prompt_tokens_details.cached_tokens == 0
        assert server.stop() == 0
    server = Served("--model", packed)
    # A third chat, still being generated, has read the system prompt.
    first = begin(server.client(), [system, {"role": "user", "content": LIST}], 2, max_tokens=1024, stream=True)
    next(iter(first))
    streams = [
        begin(server.client(), messages, mtd, max_tokens=60, stream=True)
        for messages, mtd in zip(chats, ("off", 4), strict=True)
    ]
    for stream, answer in zip(streams, alone, strict=True):
        *tokens, last = stream
        text = "".join(event.choices[0].delta.content or "" for event in tokens)
        assert text == answer.choices[0].message.content
        assert last.usage.prompt_tokens_details.cached_tokens > 0.9 * answer.usage.prompt_tokens - 40
    first.close()
    assert server.stop() == 0
