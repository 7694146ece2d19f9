"""Constrained answers, judged by `jsonschema` and by Python's own parsers, at a temperature that makes the model's text noise."""

import json
import re
import subprocess

import jsonschema
import openai
import pydantic
import pytest

from conftest import MODEL, VOLLEY

SCHEMAS = json.loads("""[
    {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0, "maximum": 150}},
     "required": ["name"], "additionalProperties": false},
    {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 4},
    {"type": "array", "prefixItems": [{"type": "string", "maxLength": 2}, {"type": "integer"}], "items": false, "minItems": 2},
    {"enum": ["red", "grün", 1, 1.5, null, true, {"a": [1]}]},
    {"const": {"k": "v\\n\\"\\t"}},
    {"anyOf": [{"type": "boolean"}, {"type": "string", "maxLength": 3}]},
    {"oneOf": [{"type": "null"}, {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}]},
    {"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}, "required": ["kind", "x"]},
               {"type": "object", "properties": {"kind": {"const": "b"}, "y": {"type": "null"}}, "required": ["kind"]}]},
    {"allOf": [{"type": "object", "properties": {"a": {"minimum": 3}}}, {"properties": {"a": {"type": "integer", "maximum": 5}}, "required": ["a"]}]},
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {"value": {"type": "integer", "maximum": 9, "minimum": 0},
        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}, "maxItems": 2}}, "required": ["value", "children"]}}},
    {"type": "string", "pattern": "^[A-Z]{2}-\\\\d{3}$"},
    {"type": "string", "pattern": "a.b", "minLength": 5, "maxLength": 9},
    {"type": "string", "pattern": "^(\\\\S+ ){2}\\\\w{3}\\\\D?$", "maxLength": 30},
    {"type": "string", "minLength": 2, "maxLength": 5},
    {"type": ["integer", "null"], "minimum": -12, "exclusiveMaximum": 7},
    {"type": "number", "minimum": 0.5, "maximum": 10.25},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "exclusiveMinimum": -1.5, "maximum": 1e-3},
    {"type": "integer", "multipleOf": 7},
    {"type": "integer", "multipleOf": 25, "minimum": -60, "exclusiveMaximum": 100},
    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 9}, "maxProperties": 3},
    {"type": "object", "properties": {"ab": {"type": "null"}}, "additionalProperties": {"type": "string", "maxLength": 1}, "maxProperties": 3},
    {"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}, "c": {"type": "null"}}, "minProperties": 2, "maxProperties": 2},
    {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}, {"type": "string", "format": "time"},
    {"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}, {"type": "string", "format": "uuid"},
    {"type": "string", "format": "email", "maxLength": 40}, {"type": "string", "format": "duration"},
    {"type": "string", "format": "hostname", "maxLength": 30}
]""")


@pytest.mark.parametrize("plan", ["off", "mtd:4", "verified:4", "adaptive:4", "ngram"])
@pytest.mark.parametrize("number", range(len(SCHEMAS)))
def test_answers_are_valid_by_the_schema(client, number, plan):
    schema = SCHEMAS[number]
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    for seed in range(3):
        answer = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Sort this list: 3 1 2"}], temperature=1.8, seed=seed,
            max_tokens=600, extra_body={"plan": plan},
            response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}},
        )  # fmt: skip
        text = answer.choices[0].message.content
        if answer.choices[0].finish_reason == "length":
            continue
        validator.validate(json.loads(text))


def test_json_object(client):
    ends = 0
    for seed in range(8):
        answer = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "hello"}], temperature=1, seed=seed, max_tokens=400,
            response_format={"type": "json_object"}, logprobs=True, top_logprobs=3,
        )  # fmt: skip
        assert answer.choices[0].message.content.startswith("{")
        if answer.choices[0].finish_reason == "stop":
            ends += 1
            assert isinstance(json.loads(answer.choices[0].message.content), dict)
    assert ends > 0


@pytest.mark.parametrize(
    "field, pattern",
    [
        ({"guided_regex": "[a-f]{3}(-[0-9]{2}){2}"}, "[a-f]{3}(-[0-9]{2}){2}"),
        ({"structured_outputs": {"regex": "(yes|no)!"}}, "(yes|no)!"),
        ({"guided_choice": ["left", "right"]}, "left|right"),
        ({"guided_grammar": 'root ::= "(" (root | [a-c]) ")"'}, r"\(+[a-c]\)+"),
        ({"grammar": 'root ::= [0-9]{2} "é"'}, "[0-9]{2}é"),
        ({"guided_json": {"enum": ["x", "yy"]}}, '"x"|"yy"'),
        ({"json_schema": '{"type": "boolean"}'}, "true|false"),
    ],
)
def test_other_fields(client, field, pattern):
    for stream in (False, True):
        answer = client.completions.create(
            model=MODEL, prompt="Once", max_tokens=200, temperature=1.5, seed=3, extra_body=field, stream=stream
        )
        text = "".join(event.choices[0].text for event in answer if event.choices) if stream else answer.choices[0].text
        assert re.fullmatch(pattern, text), text


def test_parse_gives_a_model(client):
    class Item(pydantic.BaseModel):
        size: int
        colour: str = pydantic.Field(pattern="^[a-z]{3,8}$")

    class Order(pydantic.BaseModel):
        items: list[Item] = pydantic.Field(max_length=3)
        note: str | None

    answer = client.chat.completions.parse(
        model=MODEL, messages=[{"role": "user", "content": "hello"}], response_format=Order, temperature=0.5, seed=1,
        max_tokens=800,
    )  # fmt: skip
    assert isinstance(answer.choices[0].message.parsed, Order)


@pytest.mark.parametrize(
    "fields, sentence",
    [
        ({"guided_json": {"not": {}}}, "'not' is not supported"),
        ({"guided_regex": "(?=a)b"}, "a lookahead"),
        ({"guided_grammar": "root ::= root"}, "begins with itself"),
        ({"guided_json": False}, "no text fulfils"),
        ({"guided_json": {}, "guided_regex": "a"}, "give guided_json or guided_regex, not both"),
        ({"response_format": {"type": "xml"}}, "give a type of text, json_object or json_schema"),
        ({"structured_outputs": {"json": {}, "regex": "a"}}, "one of json, regex, choice, grammar and json_object"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_work(client, fields, sentence):
    with pytest.raises(openai.BadRequestError) as failure:
        client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "hello"}], max_tokens=5, extra_body=fields
        )
    assert sentence in failure.value.message


def test_generate_takes_the_same_constraints(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMAS[0]))
    text = subprocess.run(
        [VOLLEY, "generate", "--json-schema", path, "--temperature", "1", "--seed", "2", "hello"],
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    ).stdout  # fmt: skip
    jsonschema.validate(json.loads(text), SCHEMAS[0])
