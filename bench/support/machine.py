"""Describes the machine of a measurement."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

# Instruction sets that select the kernels.
FLAGS_OF_INTEREST = (
    "avx avx2 fma f16c avx_vnni avx512f avx512bw avx512vl avx512_vnni avx512_bf16 avx512_fp16 amx_int8 amx_bf16 "
    "asimd asimdhp asimddp i8mm bf16 sve sve2"
).split()


def describe_machine() -> dict:
    """Returns processor, instruction sets, cores, memory in bytes, system and one-minute load average."""
    fields = processor_fields()
    flags = (fields.get("flags") or fields.get("Features") or "").split()
    return {
        "processor": fields.get("model name") or processor_name_of_macos() or platform.machine(),
        "family_model": " ".join(fields[key] for key in ("cpu family", "model") if key in fields),
        "flags": [flag for flag in FLAGS_OF_INTEREST if flag in flags],
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 2),
    }


def processor_fields() -> dict[str, str]:
    """Returns the first processor's fields of /proc/cpuinfo; empty if the file does not exist."""
    try:
        first = Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def processor_name_of_macos() -> str | None:
    try:
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
