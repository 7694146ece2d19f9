"""Tools and reasoning, with templates of three families on the embedded model, whose calls are noise but for the constraint."""

import json
import pathlib

import jsonschema
import openai
import pytest

from conftest import MODEL, Served

HERE = pathlib.Path(__file__).parent
TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "Tells the weather.", "parameters": {
        "type": "object", "properties": {"city": {"type": "string", "maxLength": 12}, "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "unit": {"enum": ["C", "F"]}}, "required": ["city", "days"], "additionalProperties": False}}},
    {"type": "function", "function": {"name": "time.now", "parameters": {"type": "object", "properties": {}}}},
]  # fmt: skip
SCHEMAS = {tool["function"]["name"]: tool["function"]["parameters"] for tool in TOOLS}
ASK = [{"role": "user", "content": "What is the weather in Paris?"}]


@pytest.fixture(scope="module", params=["hermes", "coder", "llama"])
def family(request):
    server = Served("--chat-template", str(HERE / f"{request.param}.jinja"))
    yield server.client()
    assert server.stop() == 0


@pytest.fixture(scope="module")
def hermes():
    server = Served("--chat-template", str(HERE / "hermes.jinja"))
    yield server.client()
    assert server.stop() == 0


def ask(client, messages=ASK, **options):
    options = {"max_tokens": 500, "temperature": 1, "seed": 1, **options}
    return client.chat.completions.create(model=MODEL, messages=messages, **options)


def check(calls):
    for call in calls:
        assert call.type == "function" and call.id.startswith("call_")
        jsonschema.validate(json.loads(call.function.arguments), SCHEMAS[call.function.name])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("plan", ["off", "mtd:4", "verified:4"])
def test_required_calls_are_valid(family, seed, plan):
    answer = ask(family, tools=TOOLS, tool_choice="required", parallel_tool_calls=False, seed=seed, extra_body={"plan": plan})
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls" and choice.message.content is None
    assert len(choice.message.tool_calls) == 1
    check(choice.message.tool_calls)


def test_several_calls(hermes):
    counts = []
    for seed in range(8):
        choice = ask(hermes, tools=TOOLS, tool_choice="required", seed=seed).choices[0]
        if choice.finish_reason == "tool_calls":
            check(choice.message.tool_calls)
            counts.append(len(choice.message.tool_calls))
            assert len({call.id for call in choice.message.tool_calls}) == counts[-1]
    assert counts


def test_a_named_tool(family):
    choice = ask(family, tools=TOOLS, tool_choice={"type": "function", "function": {"name": "time.now"}}).choices[0]
    assert [call.function.name for call in choice.message.tool_calls] == ["time.now"]
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {}


@pytest.mark.parametrize("seed", range(3))
def test_streamed_deltas_make_the_whole_call(family, seed):
    options = {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": False, "seed": seed}
    whole = ask(family, **options).choices[0].message.tool_calls[0]
    events = list(ask(family, stream=True, **options))
    deltas = [delta for event in events for choice in event.choices for delta in choice.delta.tool_calls or []]
    assert deltas[0].id.startswith("call_") and deltas[0].function.name == whole.function.name
    assert all(delta.index == 0 and delta.id is None for delta in deltas[1:])
    assert "".join(delta.function.arguments or "" for delta in deltas) == whole.function.arguments
    assert events[-1].choices[0].finish_reason == "tool_calls"
    assert not any(choice.delta.content for event in events for choice in event.choices)


def test_auto_strict_none_and_text(hermes):
    strict = [{**tool, "function": {**tool["function"], "strict": True}} for tool in TOOLS]
    for seed in range(4):
        for tools in (TOOLS, strict):
            choice = ask(hermes, tools=tools, seed=seed, max_tokens=200).choices[0]
            if tools is strict and choice.finish_reason == "tool_calls":
                check(choice.message.tool_calls)
            assert choice.finish_reason in ("stop", "length", "tool_calls")
    with_none = ask(hermes, tools=TOOLS, tool_choice="none", max_tokens=20)
    assert with_none.choices[0].message.tool_calls is None
    # The model does not see the tools.
    assert with_none.usage.prompt_tokens == ask(hermes, max_tokens=1).usage.prompt_tokens


def test_calls_and_results_in_the_history(hermes):
    history = ASK + [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Paris\", \"days\": 1}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
    ]  # fmt: skip
    answer = ask(hermes, history, tools=TOOLS, max_tokens=5)
    assert answer.usage.prompt_tokens > ask(hermes, tools=TOOLS, max_tokens=5).usage.prompt_tokens


def test_tools_beside_a_response_format(hermes):
    schema = {"type": "object", "properties": {"answer": {"type": "boolean"}}, "required": ["answer"], "additionalProperties": False}
    for seed in range(4):
        choice = ask(
            hermes, tools=TOOLS, seed=seed,
            response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}},
        ).choices[0]  # fmt: skip
        if choice.finish_reason == "stop":
            jsonschema.validate(json.loads(choice.message.content), schema)
        elif choice.finish_reason == "tool_calls":
            assert all(isinstance(json.loads(call.function.arguments), dict) for call in choice.message.tool_calls)


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_is_apart_and_ends_at_its_budget(hermes, stream):
    answer = ask(
        hermes, max_tokens=60, stream=stream, extra_body={"enable_thinking": True, "thinking_budget": 12, "ignore_eos": True}
    )
    if stream:
        deltas = [choice.delta for event in answer for choice in event.choices]
        reasoning = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
        content = "".join(delta.content or "" for delta in deltas)
    else:
        reasoning, content = answer.choices[0].message.reasoning_content, answer.choices[0].message.content
    assert reasoning and content and "</think>" not in reasoning + content


def test_reasoning_before_a_constrained_answer(hermes):
    answer = ask(
        hermes, max_tokens=200, extra_body={"enable_thinking": True, "thinking_budget": 20, "guided_regex": "[0-9]{4}"}
    ).choices[0].message  # fmt: skip
    assert answer.reasoning_content and len(answer.content) == 4 and answer.content.isdigit()


@pytest.mark.parametrize("effort, has_reasoning", [("none", False), ("high", True)])
def test_reasoning_effort(hermes, effort, has_reasoning):
    message = ask(hermes, max_tokens=30, reasoning_effort=effort, extra_body={"ignore_eos": True}).choices[0].message
    assert bool(getattr(message, "reasoning_content", None)) == has_reasoning


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"tool_choice": "required"}, "there are no tools"),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "other"}}}, "which is not in tools"),
        ({"tools": TOOLS, "tool_choice": "sometimes"}, "give auto, none, required, or a function's name"),
        ({"tools": [{"type": "function", "function": {}}]}, "has no function with a name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"not": {}}}}], "tool_choice": "required"}, "'not' is not supported"),
        ({"reasoning_effort": "extreme"}, "give one of none, minimal"),
    ],
)  # fmt: skip
def test_refusals(hermes, options, sentence):
    with pytest.raises(openai.BadRequestError) as failure:
        ask(hermes, **options)
    assert sentence in failure.value.message
