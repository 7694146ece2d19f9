"""The documents' tools: what they find, and that what they find is real."""

import tempfile
import unittest
from pathlib import Path

import check
import commands
import manual
import markdown
from records import number, spread

PAGE = """# A page: `code`, *words* & more

A sentence with seven words is here. Another one has 2 numbers, 3.5 too.

    [not a link](in-code.md)

- a list, [out](missing.md), `[not](this.md)`

```sh
[nor](that.md)
```

## Twice
## Twice
| a | table | of 9 numbers |
"""

HELP = {
    "commandName": "say", "abstract": "Say a word.", "discussion": "Aloud.\n\nEXAMPLES\n  volley say hello\n  volley say < file",
    "arguments": [
        {"kind": "positional", "valueName": "word", "abstract": "What | to say.", "isOptional": False, "isRepeating": True,
         "shouldDisplay": True},
        {"kind": "flag", "valueName": "loud", "names": [{"kind": "long", "name": "loud"}], "abstract": "Be loud, or not.",
         "isOptional": True, "isRepeating": False, "shouldDisplay": True},
        {"kind": "flag", "valueName": "soft", "names": [{"kind": "long", "name": "soft"}], "abstract": "Be loud, or not.",
         "isOptional": True, "isRepeating": False, "shouldDisplay": True},
        {"kind": "option", "valueName": "n", "names": [{"kind": "short", "name": "n"}, {"kind": "long", "name": "times"}],
         "abstract": "How often.", "defaultValue": "1", "isOptional": True, "isRepeating": False, "shouldDisplay": True,
         "sectionTitle": "Counting"},
        {"kind": "flag", "valueName": "help", "names": [], "abstract": "", "isOptional": True, "isRepeating": False, "shouldDisplay": True},
    ],
}


class MarkdownTests(unittest.TestCase):
    def test_anchors_are_those_of_github(self):
        self.assertEqual(markdown.anchors(PAGE), {"a-page-code-words--more", "twice", "twice-1"})

    def test_links_in_code_are_no_links(self):
        self.assertEqual(markdown.links(PAGE), [(7, "missing.md")])

    def test_words_count_the_running_text_alone(self):
        words, length, numbers = check.measure(PAGE)
        self.assertEqual((words, round(length, 2), round(numbers, 1)), (18, 6.0, 11.1))


class LinkTests(unittest.TestCase):
    def test_missing_files_and_anchors_are_faults(self):
        with tempfile.TemporaryDirectory(dir=check.ROOT / "docs") as folder:
            page = Path(folder, "page.md")
            page.write_text(PAGE)
            self.assertIsNone(check.broken_link(page, "https://example.org/none"))
            self.assertIsNone(check.broken_link(page, "#twice-1"))
            self.assertIsNone(check.broken_link(page, "../../README.md#start"))
            self.assertEqual(check.broken_link(page, "#thrice"), "page.md has no heading #thrice")
            self.assertEqual(check.broken_link(page, "missing.md"), "there is no missing.md")
            self.assertEqual(check.broken_link(page, "../../../"), "../../../ is outside the repository")


class CommandTests(unittest.TestCase):
    def test_a_pair_of_flags_is_one_option_and_help_is_none(self):
        say = manual.command(HELP)
        self.assertEqual([(name, [option.spelling for option in options]) for name, options in say.sections],
                         [("Arguments", ["<word> ..."]), ("Counting", ["-n, --times <n>"]), ("Options", ["--loud / --soft"])])
        self.assertEqual((say.usage, say.examples), ("volley say [OPTIONS] <word> ...", ["volley say hello", "volley say < file"]))

    def test_tables_and_man_pages_escape_what_has_meaning_there(self):
        say = manual.command(HELP)
        self.assertIn("| `<word> ...` | What \\| to say. |", commands.page([say]))
        self.assertIn("How often. (default: 1)", commands.page([say]))
        self.assertIn("\\fB\\-n, \\-\\-times <n>\\fR\nHow often.", commands.man_page(say))


class FigureTests(unittest.TestCase):
    def test_three_digits(self):
        self.assertEqual([number(value) for value in (7.404, 22.94, 1356.3, 99.96)], ["7.40", "22.9", "1,356", "100"])
        self.assertEqual(spread([2.0, 1.0, 4.0]), "2.00 (1.00–4.00)")


if __name__ == "__main__":
    unittest.main()
