"""Writes a static site from the repository's documents, and checks that every link in it leads somewhere.

    docs/tools/.venv/bin/python docs/tools/website.py OUTPUT [--library DOCC]

--library names DocC's output, which becomes the folder library/. Files that pages link to are copied; folders get a list of their files.
Needs markdown-it-py (docs/tools/setup.sh). Exit codes: 0 done, 1 a link is broken, 64 usage.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt

from markdown import anchor
from records import ROOT

NAVIGATION = {
    "README.md": "Volley", "docs/how-it-works.md": "How it works", "docs/plans.md": "Plans", "docs/models.md": "Models",
    "docs/commands.md": "Commands", "docs/serving.md": "Serving", "docs/speed.md": "Speed", "docs/measurements.md": "Measurements",
    "docs/kernels.md": "Kernels", "CONTRIBUTING.md": "Contributing", "CHANGELOG.md": "Changes",
}
TOOLS = Path(__file__).parent


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


def page_name(source: str) -> str:
    """Returns where the page of a Markdown file is: a README is its folder's index."""
    path = Path(source)
    return str(path.with_name("index.html") if path.name == "README.md" else path.with_suffix(".html"))


class Site:
    def __init__(self, output: Path, library: bool):
        self.output = output
        self.files = tracked()
        self.library = library
        self.copied: set[str] = set()
        self.lists: set[str] = set()
        self.markdown = MarkdownIt("commonmark", {"html": True}).enable("table")

    def pages(self) -> list[str]:
        return [name for name in self.files if name.endswith(".md") and not name.startswith(("Tests/", "Sources/"))]

    def target(self, source: str, link: str) -> str:
        """Returns a page's link as it is on the site, and remembers what must be copied."""
        if re.match(r"[a-z][a-z0-9+.-]*:", link) or link.startswith("#"):
            return link
        name, _, fragment = link.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(source), unquote(name)))
        if (ROOT / path).is_dir():
            if f"{path}/README.md" in self.files:
                path = page_name(f"{path}/README.md")
            else:
                self.lists.add(path)
                path = f"{path}/index.html"
        elif path in self.pages():
            path = page_name(path)
        else:
            self.copied.add(path)
        here = os.path.dirname(page_name(source))
        return os.path.relpath(path, here or ".") + (f"#{fragment}" if fragment else "")

    def html(self, source: str) -> str:
        text = (ROOT / source).read_text()
        tokens = self.markdown.parse(text)
        seen: dict[str, int] = {}
        for index, token in enumerate(tokens):
            if token.type == "heading_open":
                name = anchor(tokens[index + 1].content)
                token.attrSet("id", f"{name}-{seen[name]}" if seen.get(name) else name)
                seen[name] = seen.get(name, 0) + 1
            for child in token.children or []:
                for attribute in ("href", "src"):
                    if child.attrGet(attribute):
                        child.attrSet(attribute, self.target(source, child.attrGet(attribute)))
        body = self.markdown.renderer.render(tokens, self.markdown.options, {})
        return body.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")

    def framed(self, name: str, title: str, body: str) -> str:
        """Returns a whole page; `name` is its path on the site."""
        here = os.path.dirname(name) or "."
        entries = [(page_name(source), label) for source, label in NAVIGATION.items()]
        entries += [("library/documentation/volley/index.html", "Library")] if self.library else []
        links = [f'<a href="{os.path.relpath(path, here)}"{" aria-current=page" if path == name else ""}>{label}</a>' for path, label in entries]
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{os.path.relpath("site.css", here)}">
</head>
<body>
<header><nav>{"".join(links)}</nav></header>
<main>
{body}
<footer>Volley, Apache-2.0</footer>
</main>
</body>
</html>
"""

    def write(self) -> None:
        for source in self.pages():
            body = self.html(source)
            title = re.sub(r"<[^>]+>", "", (re.search(r"<h1[^>]*>(.*?)</h1>", body) or ["", source])[1])
            self.put(page_name(source), self.framed(page_name(source), title, body))
        for folder in self.lists:
            inside = [name for name in self.files if name.startswith(folder + "/")]
            self.copied.update(inside)
            items = "".join(f'<li><a href="{os.path.relpath(name, folder)}">{escape(name)}</a></li>' for name in inside)
            self.put(f"{folder}/index.html", self.framed(f"{folder}/index.html", folder, f"<h1>{escape(folder)}</h1><ul>{items}</ul>"))
        for name in self.copied:
            if (ROOT / name).is_file():
                self.destination(name).write_bytes((ROOT / name).read_bytes())
        shutil.copy(TOOLS / "website.css", self.output / "site.css")

    def destination(self, name: str) -> Path:
        path = self.output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def put(self, name: str, text: str) -> None:
        self.destination(name).write_text(text)


class Links(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.anchors.add(value)


def broken(output: Path) -> list[str]:
    """Says which links of the written pages lead nowhere."""
    pages = {path: Links(path.read_text()) for path in output.rglob("*.html") if "library" not in path.parts}
    faults = []
    for path, page in pages.items():
        for link in page.links:
            name, _, fragment = link.partition("#")
            target = (path.parent / unquote(name)).resolve() if name else path
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            if not target.is_file() or fragment and target in pages and unquote(fragment) not in pages[target].anchors:
                faults.append(f"{path.relative_to(output)}: {link}")
    return faults


def main() -> int:
    match sys.argv[1:]:
        case [output]: library = None
        case [output, "--library", library]: pass
        case _:
            print(__doc__, file=sys.stderr)
            return 64
    destination = Path(output).resolve()
    shutil.rmtree(destination, ignore_errors=True)
    destination.mkdir(parents=True)
    if library:
        shutil.copytree(library, destination / "library")
    Site(destination, bool(library)).write()
    faults = broken(destination)
    print(*(f"website.py: a broken link in {fault}." for fault in faults), sep="\n", end="\n" if faults else "", file=sys.stderr)
    print(destination / "index.html")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
