"""Command-line parsing with volley's exit codes."""

from __future__ import annotations

import argparse
import sys


class UsageParser(argparse.ArgumentParser):
    """Exits with 64 on wrong usage, as volley does."""

    def error(self, message: str):
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def positive(text: str) -> int:
    """Parses a count of at least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
