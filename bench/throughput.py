#!/usr/bin/env python3
"""Measures a server's tokens per second, by number of streaming clients and by factor.

    bench/throughput.py --port 8080 --model volley-5m --mtd off,4

Every client requests the same number of tokens for its own prompt; factors take turns in each round. The speed is all tokens divided
by the time from the first to the last. `--mtd none` omits the field, for servers that do not know it.
"""

import argparse
import statistics

from support.streams import Workload, measure


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--mtd", default="off,4")
    parser.add_argument("--clients", default="1,2,4,8,16")
    parser.add_argument("--prompt", type=int, default=32, help="tokens per prompt")
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    factors, counts = arguments.mtd.split(","), [int(count) for count in arguments.clients.split(",")]
    work = Workload(arguments.prompt, arguments.tokens)
    speeds = {(factor, count): [] for count in counts for factor in factors}
    for _ in range(arguments.rounds):
        for factor, count in speeds:
            named = None if factor == "none" else factor
            speeds[factor, count].append(measure(arguments.port, arguments.model, work, count, named))
    print("| clients |" + "".join(f" {factor}, tokens/s | first token, ms |" for factor in factors))
    print("| --- |" + " --- |" * 2 * len(factors))
    for count in counts:
        print(f"| {count} |" + "".join(cells(speeds[factor, count]) for factor in factors))


def cells(rounds):
    speed = statistics.median(speed.tokens_per_second for speed in rounds)
    first = statistics.median(speed.first_token_seconds for speed in rounds)
    return f" {speed:.0f} | {1000 * first:.0f} |"


if __name__ == "__main__":
    main()
