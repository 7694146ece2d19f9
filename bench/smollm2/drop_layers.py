"""Writes a GGUF model without some of its layers: a small model that drafts for the whole one, made without training.

    python3.11 -m venv /tmp/gguf && /tmp/gguf/bin/pip install gguf==0.19.0
    /tmp/gguf/bin/python bench/smollm2/drop_layers.py --model "$(bench/smollm2/fetch.sh)" --drop 10-23 --out /tmp/draft.gguf

Tensors keep their bytes. Exit codes: 0 done, 1 failed, 64 usage.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from gguf import GGUFReader, GGUFValueType, GGUFWriter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.usage import UsageParser  # noqa: E402


def main() -> int:
    parser = UsageParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--drop", required=True, help="layers to leave out, such as 10-23 or 3,5,8-12")
    parser.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()
    reader = GGUFReader(arguments.model)
    architecture = reader.get_field("general.architecture").contents()
    count_key = f"{architecture}.block_count"
    count = reader.get_field(count_key).contents()
    dropped = layers(arguments.drop)
    if not dropped < set(range(count)):
        print(f"drop_layers.py: --drop {arguments.drop} is not a proper part of the model's {count} layers", file=sys.stderr)
        return 1
    number = {old: new for new, old in enumerate(sorted(set(range(count)) - dropped))}
    writer = GGUFWriter(arguments.out, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = len(number) if name == count_key else field.contents()
        subtype = field.types[1] if field.types[0] == GGUFValueType.ARRAY else None
        writer.add_key_value(name, value, field.types[0], subtype)
    for tensor in reader.tensors:
        found = re.match(r"blk\.(\d+)\.(.*)", tensor.name)
        if found and int(found[1]) not in number:
            continue
        name = f"blk.{number[int(found[1])]}.{found[2]}" if found else tensor.name
        writer.add_tensor(name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return 0


def layers(text: str) -> set[int]:
    chosen: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        chosen |= set(range(int(first), int(last or first) + 1))
    return chosen


if __name__ == "__main__":
    raise SystemExit(main())
