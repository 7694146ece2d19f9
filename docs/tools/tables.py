"""The other tables of the documents: overviews, plans, serving, precision, storage."""

from __future__ import annotations

import re

from records import RESULTS, ROOT, median, number, percent, ratio, spread, table
from speed_tables import SpeedTables

AUTHORS_QUALITY = {"2": 100.9, "3": 99.4, "4": 95.9, "6": 81.7}
"""Percent of vanilla's score that DMTD-Qwen3-4B keeps over six tasks, as the authors' page of 2026 reports (arXiv 2510.11958)."""


class Tables(SpeedTables):
    def overview(self) -> str:
        """What a factor costs and gains, in one number each."""
        model = self.records["bench-qwen3-4b-q8_0"].data["models"][0]
        speedups = {plan["mtd"]: median(plan["speedup"]) for plan in model["decoding"]}
        kept, embedded = self.embedded("kept of vanilla"), self.embedded("speedup")
        rows = [["1 (ordinary decoding)", "100 %", "1.0×", "100 %", "1.0×"]]
        rows += [[factor, f"{quality:.0f} %", f"{speedups[factor]:.1f}×", f"{kept[factor]:.0f} %", f"{embedded[factor]:.1f}×"]
                 for factor, quality in AUTHORS_QUALITY.items()]
        return table(["tokens a trunk pass", "large model: quality kept", "speed", "embedded model: quality kept", "speed"], rows)

    @staticmethod
    def embedded(name: str) -> dict[str, float]:
        """Returns a line of the embedded model's evaluation by factor."""
        lines = [re.split(r"\s*\|\s*", line) for line in (ROOT / "weights/training/after.md").read_text().splitlines()]
        head, values = lines[0], next(line for line in lines if len(line) > 1 and line[1] == name)
        return {factor.removeprefix("mtd "): float(value.rstrip(" %×")) for factor, value in zip(head[3:-1], values[3:-1])}

    def peers(self) -> str:
        """Medians of tokens per second beside the peers, one number each."""
        rows = []
        for record in self.races("Zen 5"):
            decode = record.data["summary"]["decode"]
            speeds = [number(decode[name]["speed"]["median"]) for name in ("llama.cpp", "ik_llama.cpp", "volley", "volley mtd 4")]
            rows.append([record.subject, *speeds, f"{decode['volley mtd 4']['over']['fastest peer']['median']:.1f}×", self.origin(record)])
        return table(["weights", "llama.cpp", "ik_llama.cpp", "Volley", "factor 4", "factor 4 ÷ faster peer", "record"], rows)

    def what_loads(self) -> str:
        """The table of docs/models.md without its links, for the library's documentation."""
        lines = (ROOT / "docs/models.md").read_text().splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("| `--model` |"))
        rows = [line for line in lines[start : lines.index("", start)]]
        return re.sub(r" \(\[[^\]]*\]\([^)]*\)\)", "", "\n".join(rows).replace("| `--model` |", "| path |", 1))

    def storage(self, name: str) -> str:
        def rate(row: dict, threads: str) -> str:
            return spread([row["bytes"] / seconds / 1e9 for seconds in row["decodes"][threads]], lambda value: f"{value:.1f}")

        return table(
            ["format", "compression", "filter", "size", "MB", "decode 1 thread, GB/s", "2 threads, GB/s", "load 2 threads, ms",
             "raw read 2 threads, ms"],
            [[row["format"], row["compression"], "planes" if row["planes"] else "–", f"{row['stored_bytes'] / row['bytes']:.3f}",
              f"{row['stored_bytes'] / 1e6:.1f}", rate(row, "one"), rate(row, "two"),
              *(f"{1e3 * median(row[kind]['two']):.0f}" for kind in ("loads", "raw_reads"))]
             for row in self.records[name].data["rows"]])

    def skipping(self) -> str:
        """Time saved over bytes saved, by the share of routed layers that a token skips."""
        rows = []
        for record in self.records.values():
            if record.name.startswith("skip-qwen3"):
                text = (RESULTS / record.file).read_text()
                shares = re.findall(r"^\| (\d+ of \d+) .*\|\s*(\d+ %) \|$", text, re.M)
                rows.append([record.measured.split(", ", 1)[1], *(f"{layers}: {saved}" for layers, saved in shares), self.origin(record)])
        return table(["weights", "a quarter", "half", "three quarters", "all of the routed half", "record"], rows)

    def cycles(self) -> str:
        rows = []
        for record in self.of_kind(lambda r: r.name.startswith("cycles-")):
            for cost in record.data["models"][0]["cycles"]["costs"]:
                rows.append([record.subject if "same" not in record.subject else "Qwen3-4B, q8_0, 128 tokens", cost["name"],
                             f"{cost['tokens_per_cycle']:.2f}", f"{cost['limit_of_speedup']:.2f}×",
                             spread(cost["speedup"]), self.origin(record)])
        return table(["weights", "cycle", "tokens a cycle", "limit", "speedup", "record"], rows)

    def drafts(self) -> str:
        rows = []
        for record in self.of_kind(lambda r: r.name.startswith("drafts-")):
            for comparison in record.data["comparisons"]:
                answers = {answer.get("plan") or answer["mtd"]: answer for answer in comparison["answers"]}
                names = list(answers)
                words = " ".join(comparison["prompt"].split()[:6])
                rows.append([f"“{words} …”", str(len(answers[names[0]]["tokens"])),
                             ", ".join(str(answers[name]["trunk_passes"]) for name in names[:2]),
                             *(ratio(median(answers[name]["speedup"])) + "×" for name in names[1:3]), self.origin(record)])
        return table(["prompt", "tokens", "passes: off, ngram", "ngram", "auto", "record"], rows)

    def serving(self) -> str:
        rows = []
        for record in self.of_kind(lambda r: r.name.startswith("serve-")):
            name = record.measured.split("llama-server, ")[-1].split("alone, ")[-1].removeprefix("the same, ").split(", 1 to")[0]
            for clients, servers in record.data["summary"].items():
                cells = []
                for server in ("volley off", "volley 4", "llama-server"):
                    figures = servers.get(server)
                    cells += [number(figures["tokens_per_second"]["median"]),
                              number(1000 * figures["first_token_seconds"]["median"])] if figures else ["", ""]
                over = [f"{servers[s]['over_peer']['median']:.1f}×" if servers[s].get("over_peer") else "" for s in ("volley off", "volley 4")]
                rows.append([name, clients, *cells, *over, self.origin(record)])
        return table(["model", "clients", "vanilla", "first, ms", "mtd 4", "first, ms", "llama-server", "first, ms",
                      "vanilla ÷", "mtd 4 ÷", "record"], rows)

    def agreement(self) -> str:
        """Kullback-Leibler divergence from float32, and how often the most likely token is the same."""
        record = self.records["agreement-smollm2"]
        programs = ["volley, int16", "volley, int8", "llama.cpp"]
        rows = {}
        for row in record.data["rows"]:
            rows.setdefault(row["weights"], {})[row["program"]] = row
        return table(
            ["weights", *(f"{p}: divergence" for p in programs), *(f"{p}: same token" for p in programs)],
            [[name, *(f"{found[p]['divergence']:.1e}" for p in programs), *(f"{100 * found[p]['same_first']:.1f} %" for p in programs)]
             for name, found in rows.items()])
