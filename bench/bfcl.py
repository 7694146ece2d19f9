#!/usr/bin/env python3
"""Checks that a server takes the tools of BFCL's cases, and that required calls are valid by their schemas.

    pip download --no-deps --dest /tmp/bfcl bfcl-eval          # Apache-2.0; the cases are in it
    volley serve --port 8090 --chat-template Tests/ServingTests/clients/hermes.jinja &
    bench/bfcl.py --wheel /tmp/bfcl/bfcl_eval-*.whl --port 8090 --model volley-5m

Every tool of the sets simple, multiple and parallel goes through the request that a client would send, with `tool_choice: required`. A
call that ends before `--tokens` is judged by `jsonschema`; one that does not is counted as cut. Exit code 1 if a definition is refused
or a call is not valid.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import sys
import urllib.error
import urllib.request
import zipfile

import jsonschema

SETS = ("simple_python", "simple_java", "simple_javascript", "multiple", "parallel", "parallel_multiple")
# As in bfcl_eval.constants.type_mappings.
TYPES = {
    "integer": "integer", "number": "number", "float": "number", "string": "string", "boolean": "boolean", "bool": "boolean",
    "array": "array", "list": "array", "dict": "object", "object": "object", "tuple": "array", "any": "string", "byte": "integer",
    "short": "integer", "long": "integer", "double": "number", "char": "string", "ArrayList": "array", "Array": "array",
    "HashMap": "object", "Hashtable": "object", "Queue": "array", "Stack": "array", "Any": "string", "String": "string",
    "Bigint": "integer", "Boolean": "boolean", "": "string",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--limit", type=int, help="cases of each set; all by default")
    arguments = parser.parse_args()
    cases = []
    with zipfile.ZipFile(arguments.wheel) as wheel:
        for name in SETS:
            lines = wheel.read(f"bfcl_eval/data/BFCL_v4_{name}.json").decode().splitlines()
            cases += [json.loads(line) for line in lines[: arguments.limit]]
    with concurrent.futures.ThreadPoolExecutor(arguments.clients) as pool:
        outcomes = list(pool.map(lambda case: judge(arguments, case), cases))
    for case, outcome in zip(cases, outcomes):
        if outcome not in ("valid", "cut"):
            print(f"{case['id']}: {outcome}")
    counts = {kind: outcomes.count(kind) for kind in ("valid", "cut")}
    print(f"{len(cases)} cases: {counts['valid']} calls valid, {counts['cut']} cut, {len(cases) - sum(counts.values())} faulty")
    return 0 if sum(counts.values()) == len(cases) else 1


def judge(arguments, case) -> str:
    tools = [
        {"type": "function", "function": {**function, "parameters": converted(function["parameters"])}} for function in case["function"]
    ]
    body = {
        "model": arguments.model, "messages": case["question"][0], "tools": tools, "tool_choice": "required", "temperature": 1,
        "seed": 1, "max_tokens": arguments.tokens, "parallel_tool_calls": False,
    }  # fmt: skip
    request = urllib.request.Request(
        f"http://127.0.0.1:{arguments.port}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=300) as response:
            choice = json.load(response)["choices"][0]
    except urllib.error.HTTPError as error:
        return json.load(error)["error"]["message"]
    if choice["finish_reason"] == "length":
        return "cut"
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools}
    for call in choice["message"]["tool_calls"]:
        try:
            jsonschema.validate(json.loads(call["function"]["arguments"]), schemas[call["function"]["name"]])
        except (ValueError, jsonschema.ValidationError) as error:
            return f"{call['function']}: {error}"
    return "valid"


def converted(schema):
    """The schema with JSON's names of types, as BFCL's own clients send it."""
    if isinstance(schema, list):
        return [converted(element) for element in schema]
    if not isinstance(schema, dict):
        return schema
    result = {name: converted(value) for name, value in schema.items()}
    if isinstance(schema.get("type"), str):
        result["type"] = TYPES[schema["type"]]
    return result


if __name__ == "__main__":
    sys.exit(main())
