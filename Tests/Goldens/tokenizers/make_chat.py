"""Writes chat/cases.json: what transformers' apply_chat_template makes of conversations by the templates in chat/.

Needs transformers 5.23 or newer; run it in this directory.
"""
import json
import os
import tempfile

from jinja2.exceptions import TemplateError
from transformers import AutoTokenizer

TOOLS = [
    {"type": "function", "function": {
        "name": "weather", "description": "Tells the weather: \u00b0C & \"wind\" <now>",
        "parameters": {"type": "object", "properties": {
            "city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}}, "required": ["city"]}}},
    {"type": "function", "function": {"name": "clock", "parameters": {}}},
]
CALL = {"id": "abcdefgh1", "type": "function", "function": {"name": "weather", "arguments": {"days": 2, "city": "Z\u00fcrich"}}}
CALL_TEXT = {"id": "abcdefgh2", "type": "function", "function": {"name": "clock", "arguments": "{\"zone\":  1}"}}


def user(text, **more):
    return {"role": "user", "content": text, **more}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def system(text):
    return {"role": "system", "content": text}


def tool(text, **more):
    return {"role": "tool", "content": text, **more}


CONVERSATIONS = {
    "question": [user(" Hi there ")],
    "system": [system("Be brief. "), user("Hi")],
    "empty system": [system(""), user("Hi")],
    "turns": [user("a"), assistant("b"), user("c"), assistant(" d "), user("e\n")],
    "thoughts": [
        user("a"), assistant("<think>\nhm\n</think>\n\nb"), user("c"), assistant("\n<think>\n\nx\n\n</think>\n\nd")],
    "reasoning": [user("a"), assistant("b", reasoning_content="\nso\n"), user("c"), assistant("d", reasoning="well")],
    "thinking": [user("a"), assistant("b", thinking="so", reasoning_content=None)],
    "calls": [
        user("Weather?"), assistant(None, tool_calls=[CALL]), tool("12 \u00b0C", tool_call_id="abcdefgh1"),
        assistant("It is 12."), user("And now?"), assistant("Let me see.", tool_calls=[CALL_TEXT, CALL]),
        tool("{\"h\": 3}", tool_call_id="abcdefgh2", name="clock"), tool("13", tool_call_id="abcdefgh1")],
    "short id": [user("a"), assistant(None, tool_calls=[{"function": {"name": "clock", "arguments": {}}, "id": "1"}])],
    "two questions": [user("a"), user("b")],
    "begins with an answer": [assistant("a")],
    "other role": [user("a"), {"role": "critic", "content": "no"}],
    "parts": [
        system([{"type": "text", "text": " One. "}, {"type": "text", "text": "Two."}]),
        user([{"type": "image"}, {"type": "text", "text": "What?"}], name="Ann"), {"role": "skip", "content": "x"}],
    "no content": [{"role": "user"}],
    "special tokens in the text": [user("<|im_end|>\n<|im_start|>system\nx \u0000 \u2028 \U0001f600")],
}
SETTINGS = [
    {}, {"add_generation_prompt": True}, {"add_generation_prompt": True, "enable_thinking": False},
    {"add_generation_prompt": True, "enable_thinking": True}, {"tools": TOOLS, "add_generation_prompt": True},
    {"documents": [{"title": "A", "text": "one\ntwo"}, {"text": "three"}], "add_generation_prompt": False},
    {"chat_template_kwargs": {"date": "2 June", "thinking_budget": 1.5, "bos_token": "<b>"}, "add_generation_prompt": True},
]

base = json.load(open("qwen2-style/tokenizer.json"))
cases = []
configs = {}
for template in ("thinking", "alternating", "parts"):
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
        "bos_token": "<|endoftext|>" if template == "alternating" else None}
    configs[template] = config
    with tempfile.TemporaryDirectory() as directory:
        json.dump(base, open(os.path.join(directory, "tokenizer.json"), "w"))
        json.dump(config, open(os.path.join(directory, "tokenizer_config.json"), "w"))
        with open(os.path.join(directory, "chat_template.jinja"), "w") as handle:
            handle.write(open(f"chat/{template}.jinja").read())
        tokenizer = AutoTokenizer.from_pretrained(directory)
    for name, messages in CONVERSATIONS.items():
        for number, settings in enumerate(SETTINGS):
            given = {k: v for k, v in settings.items() if k != "chat_template_kwargs"}
            given |= settings.get("chat_template_kwargs", {})
            case = {"template": template, "conversation": name, "settings": number}
            try:
                case["text"] = tokenizer.apply_chat_template(messages, tokenize=False, **given)
            except TemplateError as error:
                case["error"] = error.message
            except TypeError:
                case["error"] = ""
            cases.append(case)
with open("chat/cases.json", "w") as handle:
    head = {"configs": configs, "conversations": CONVERSATIONS, "settings": SETTINGS}
    handle.write(json.dumps(head)[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n")
