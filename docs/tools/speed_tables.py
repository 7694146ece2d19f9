"""The tables of speed: races, factors, passes, depth."""

from __future__ import annotations

from records import Record, median, number, percent, ratio, spread, table

PEERS = ("llama.cpp", "ik_llama.cpp")




class SpeedTables:
    def __init__(self, records: dict[str, Record], folder: str):
        """`folder` leads from the page to bench/results."""
        self.records = records
        self.folder = folder

    def origin(self, record: Record) -> str:
        """Returns the last cell of a row: the date, which leads to the record, and the commit if it is known."""
        return " ".join(filter(None, [f"[{record.date}]({self.folder}{record.file})", record.commit]))

    def of_kind(self, test) -> list[Record]:
        return [record for record in self.records.values() if record.file.endswith(".json") and test(record)]

    def races(self, processor: str, with_both_peers: bool = True) -> list[Record]:
        def is_race(record: Record) -> bool:
            decode = record.data.get("summary", {}).get("decode", {})
            return "volley" in decode and record.processor == processor and ("ik_llama.cpp" in decode) == with_both_peers
        return self.of_kind(is_race)

    def race(self, processor: str) -> str:
        """Decoding in tokens per second, and its ratio to the faster peer; prompts by their ratio alone."""
        rows = []
        for activations, suffix in (("", ""), ("8-bit: ", " int8")):
            for record in self.races(processor):
                decode, prompt = record.data["summary"]["decode"], record.data["summary"]["prompt"]
                plans = [decode["volley" + suffix], decode["volley mtd 4" + suffix]]
                peers = [spread(decode[peer]["speed"], number) if not suffix else "" for peer in PEERS]
                rows.append([
                    activations + record.subject, *(spread(plan["speed"], number) for plan in plans), *peers,
                    *(spread(plan["over"]["fastest peer"]) for plan in plans),
                    spread(prompt["volley" + suffix]["over"]["fastest peer"]), self.origin(record)])
        return table(
            ["weights", "vanilla", "`--mtd 4`", *PEERS, "vanilla ÷ faster", "`--mtd 4` ÷", "prompt ÷", "record"], rows)

    def screened_race(self) -> str:
        rows = []
        for record in self.races("Zen 4"):
            decode = record.data["summary"]["decode"]
            if screened := decode.get("volley mtd 4 screened"):
                rows.append([record.subject, spread(decode["volley mtd 4"]["speed"], number), spread(screened["speed"], number),
                             spread(screened["over"]["fastest peer"]), self.origin(record)])
        return table(["weights", "`--mtd 4`", "`--mtd 4 --screen`", "÷ faster peer", "record"], rows)

    def one_peer(self, processor: str) -> str:
        """Ratios to llama.cpp alone; those of 8-bit activations in brackets, where they were measured."""
        rows = []
        for record in self.races(processor, with_both_peers=False):
            def over(kind: str, plan: str, record=record) -> str:
                plans = record.data["summary"][kind]
                values = [plans[name]["over"]["llama.cpp"]["median"] for name in (plan, f"{plan} int8") if name in plans]
                return ratio(values[0]) + (f" ({ratio(values[1])})" if len(values) > 1 else "") if values else ""
            rows.append([record.subject, over("decode", "volley"), over("decode", "volley mtd 4"), over("prompt", "volley"),
                         self.origin(record)])
        return table(["weights", "vanilla ÷ llama.cpp", "`--mtd 4` ÷", "prompt ÷", "record"], rows)

    def benches(self, processor: str) -> list[Record]:
        return self.of_kind(lambda r: r.name.startswith("bench-") and r.processor == processor
                            and not r.data["depth"] and "screen" not in r.name)

    @staticmethod
    def instruction_set(record: Record) -> str:
        return record.machine.split(", ")[-1]

    def factors(self, processor: str) -> str:
        """Speed over vanilla, the limit by bytes in brackets."""
        factors = ["2", "3", "4", "6"]
        rows = []
        for record in self.benches(processor):
            model = record.data["models"][0]
            plans = {plan["mtd"]: plan for plan in model["decoding"]}
            shown = [f"{ratio(median(plans[f]['speedup']))} ({ratio(plans[f]['limit_of_speedup'])})" if f in plans else "" for f in factors]
            cached = max(plans["off"]["efficiency"]) > 1 and model["bytes_per_pass"] < 3e7
            reached = "in the caches" if cached else spread(plans["off"]["efficiency"], percent) + " %"
            memory = "" if cached else self.memory(model)
            rows.append([record.subject, self.instruction_set(record), *shown, reached, memory, self.origin(record)])
        return table(["weights", "kernels", *(f"mtd {f}" for f in factors), "vanilla, of the limit", "GB/s", "record"], rows)

    @staticmethod
    def memory(model: dict) -> str:
        speeds = [speed / 1e9 for speed in model["bandwidth_bytes_per_second"]]
        return f"{min(speeds):.0f}–{max(speeds):.0f}"

    def passes(self, processor: str) -> str:
        """The time of a trunk pass over several tokens, over that of a pass over one."""
        widths = [2, 3, 4, 6, 8, 16]
        rows = []
        for record in self.benches(processor):
            model = record.data["models"][0]
            if not model.get("passes"):
                continue
            costs = {one["rows"]: ratio(median(one["ratio"])) for one in model["passes"]}
            rows.append([record.subject, self.instruction_set(record), *(costs.get(width, "") for width in widths),
                         self.memory(model), self.origin(record)])
        return table(["weights", "kernels", *(str(width) for width in widths), "GB/s", "record"], rows)

    def depth(self) -> str:
        rows = []
        for record in self.of_kind(lambda r: r.name.startswith("bench-") and r.data["depth"] > 0):
            for plan in record.data["models"][0]["decoding"]:
                name = "vanilla" if plan["mtd"] == "off" else f"mtd {plan['mtd']}"
                rows.append([record.subject, record.processor, name, number(median(plan["tokens_per_second"])),
                             spread(plan["efficiency"], percent) + " %", self.memory(record.data["models"][0]),
                             self.origin(record)])
        return table(["weights", "machine", "plan", "tokens/s", "of the limit", "GB/s", "record"], rows)

    def screen(self) -> str:
        """How long lm_head takes of a token, and how many rows are computed exactly."""
        rows = []
        for record in self.of_kind(lambda r: "screen" in r.name):
            for profile in record.data["models"][0]["profiles"]:
                times, exact = profile["seconds"], profile["exact_rows"]
                name = "vanilla" if profile["mtd"] == "off" else f"mtd {profile['mtd']}"
                rows.append([record.subject, name, f"{percent(times['lm_head'] / sum(times.values()))} %", number(median(exact)),
                             number(max(exact)), self.origin(record)])
        return table(["weights", "plan", "time in lm_head", "exact rows, median", "most", "record"], rows)

