"""Records what jinja2 makes of cases.txt and of templates/ in cases.json. Needs jinja2 3.1.6, nothing else.

The environment is the one of transformers 5.23 (utils/chat_template_utils.py), stated again: an immutable sandbox with
trim_blocks, lstrip_blocks, loop controls, the tag `generation`, and its own tojson, dict and namespace.
"""

import datetime
import json
import pathlib
import re

import jinja2
import jinja2.ext
import jinja2.sandbox
import jinja2.utils

HERE = pathlib.Path(__file__).parent
CONTEXT = {
    "d": {"a": 1, "b": ["x", "y"]},
    "l": [1, 2],
    "b": 1,
    "s": "given",
    "messages": [
        {"role": "system", "content": " Be brief. "},
        {"role": "user", "content": "Hi\n"},
        {"role": "assistant", "content": "Hello"},
    ],
}
assert jinja2.__version__ == "3.1.6"


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_render"), [], [], body).set_lineno(line)

    def _render(self, caller):
        return caller()


class Dict:
    def __call__(self, *args, **kwargs):
        return dict(*args, **kwargs)


class Namespace(jinja2.utils.Namespace):
    def __init__(*args, **kwargs):
        self, args = args[0], args[1:]
        attributes = dict(*args, **kwargs)
        for name in attributes:
            Namespace._check(name)
        jinja2.utils.Namespace.__init__(self, attributes)

    def __setitem__(self, name, value):
        Namespace._check(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)

    @staticmethod
    def _check(name):
        if isinstance(name, str) and name.startswith("_"):
            raise jinja2.exceptions.SecurityError(name)


class Raised(jinja2.exceptions.TemplateError):
    pass


def raise_exception(message):
    raise Raised(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def strftime_now(format):
    return datetime.datetime(2024, 7, 4, 9, 5, 3).strftime(format)


def environment():
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals.update(
        raise_exception=raise_exception, strftime_now=strftime_now, dict=Dict(), namespace=Namespace)
    return environment


def result(template, context):
    """The text, or the kind of the error: syntax, raised (with the template's own words) or failed."""
    try:
        return {"text": environment().from_string(template).render(**context)}
    except jinja2.exceptions.TemplateSyntaxError as error:
        return {"error": "syntax", "line": error.lineno}
    except SyntaxError:
        # What jinja2 leaves to Python's compiler to find, such as a `break` outside of loops.
        return {"error": "syntax"}
    except Raised as error:
        return {"error": "raised", "message": error.message}
    except Exception:
        return {"error": "failed"}


def unescaped(line):
    letters = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
    return re.sub(
        r"\\(u([0-9a-f]{4})|.)", lambda m: chr(int(m[2], 16)) if m[2] else letters[m[1]], line)


def main():
    lines = (HERE / "cases.txt").read_text().split("\n")
    templates = [unescaped(line) for line in lines if line and not line.startswith("#")]
    small = [{"template": template, **result(template, CONTEXT)} for template in templates]
    for case in small:
        assert " at 0x" not in case.get("text", ""), case
    chats = []
    contexts = json.loads((HERE / "conversations.json").read_text())
    for path in sorted((HERE / "templates").glob("*.jinja")):
        source = path.read_text()
        for name, context in contexts.items():
            chats.append({"template": path.name, "conversation": name, **result(source, context)})
    with open(HERE / "cases.json", "w") as file:
        json.dump({"context": CONTEXT, "cases": small, "chats": chats}, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
