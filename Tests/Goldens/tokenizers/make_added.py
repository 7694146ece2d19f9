"""Writes added/cases.json: what transformers' AutoTokenizer makes of a tokenizer.json and the files beside it.

Every case is qwen2-style/tokenizer.json, less the added tokens that "removed" lists, with the side files of the case.
Needs transformers 5.23 or newer; run it in this directory.
"""
import copy
import json
import os
import tempfile

from transformers import AutoTokenizer

TEXT = " <custom> a <think> b </think>  the <foo> c<|im_end|> d <renamed>caf\u0065\u0301e <|foo|>"
BASE = json.load(open("qwen2-style/tokenizer.json"))
CONFIG = json.load(open("qwen2-style/tokenizer_config.json"))
CONFIG.pop("chat_template")


def token(content, **flags):
    plain = dict(lstrip=False, rstrip=False, normalized=False, single_word=False, special=False)
    return {"content": content, **plain, **flags}


def decoder(**changes):
    """The decoder that agrees with tokenizer.json, with tokens of some ids replaced, added, or None to leave out."""
    tokens = {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in BASE["added_tokens"]}
    tokens.update({key[1:]: value for key, value in changes.items()})
    return {key: value for key, value in tokens.items() if value is not None}


CASES = {
    "agrees": dict(config=dict(added_tokens_decoder=decoder())),
    "one more": dict(config=dict(added_tokens_decoder=decoder(_1998=token("<custom>")))),
    "flags": dict(config=dict(added_tokens_decoder=decoder(
        _1996=token("<think>", special=True, lstrip=True), _1997=token("</think>", rstrip=True),
        _1998=token("a", single_word=True)))),
    "normalized by default": dict(config=dict(added_tokens_decoder=decoder(_1998={"content": "caf\u00e9"}))),
    "not normalized": dict(config=dict(added_tokens_decoder=decoder(_1998=token("caf\u00e9")))),
    "gap": dict(config=dict(added_tokens_decoder=decoder(_2005=token("<custom>")))),
    "a token of the vocabulary": dict(config=dict(added_tokens_decoder=decoder(_64=token("a", special=True)))),
    "swapped ids": dict(config=dict(added_tokens_decoder=decoder(
        _1996=token("</think>"), _1997=token("<think>")))),
    "left out": dict(config=dict(added_tokens_decoder=decoder(_1996=None))),
    "renamed": dict(config=dict(added_tokens_decoder=decoder(_1996=token("<renamed>")))),
    "another at an id": dict(config=dict(added_tokens_decoder=decoder(_1993=token("<foo>")))),
    "unknown end token": dict(config=dict(added_tokens_decoder=decoder(), eos_token="<|foo|>")),
    "end token that is not special": dict(config=dict(added_tokens_decoder=decoder(), eos_token="<think>")),
    "additional special": dict(config=dict(
        added_tokens_decoder=decoder(), additional_special_tokens=["<think>", "<foo>"])),
    "model's own names": dict(config=dict(
        added_tokens_decoder=decoder(), image_token="<foo>", extra_special_tokens={"boi_token": "<custom>"})),
    "end token as object": dict(config=dict(added_tokens_decoder=decoder(), eos_token={
        "__type": "AddedToken", "content": "<|im_end|>", "lstrip": True, "rstrip": False, "normalized": False,
        "single_word": False})),
    "split_special_tokens": dict(config=dict(added_tokens_decoder=decoder(), split_special_tokens=True)),
    "added_tokens.json": dict(
        config={}, removed=["</think>"], added={"</think>": 1997, "<custom>": 1998, "<foo>": 1999},
        map={"additional_special_tokens": ["<foo>"]}),
    "special_tokens_map.json": dict(config={}, map={
        "eos_token": {"content": "<|foo|>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False},
        "additional_special_tokens": ["<custom>", "<think>"]}),
    "special_tokens_map.json beside a decoder": dict(
        config=dict(added_tokens_decoder=decoder()), map={"additional_special_tokens": ["<custom>"]}),
}


def record(name, case, tokenizer_class):
    tokenizer = copy.deepcopy(BASE)
    removed = case.get("removed", [])
    tokenizer["added_tokens"] = [t for t in tokenizer["added_tokens"] if t["content"] not in removed]
    config = {k: v for k, v in CONFIG.items() if k != "added_tokens_decoder"}
    config |= {"tokenizer_class": tokenizer_class} | case["config"]
    files = {"tokenizer_config.json": config}
    if "map" in case:
        files["special_tokens_map.json"] = case["map"]
    if "added" in case:
        files["added_tokens.json"] = case["added"]
    with tempfile.TemporaryDirectory() as directory:
        for file, content in {"tokenizer.json": tokenizer, **files}.items():
            with open(os.path.join(directory, file), "w") as handle:
                json.dump(content, handle)
        loaded = AutoTokenizer.from_pretrained(directory)
        ids = loaded.encode(TEXT)
        return {
            "name": f"{name}, {tokenizer_class}", "removed": removed, "files": files, "text": TEXT, "ids": ids,
            "decode_skip": loaded.decode(ids, skip_special_tokens=True),
            "special_tokens": loaded.special_tokens_map,
        }


cases = [record(name, case, kind) for name, case in CASES.items() for kind in ("Qwen2Tokenizer", "PreTrainedTokenizerFast")]
with open("added/cases.json", "w") as handle:
    handle.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
