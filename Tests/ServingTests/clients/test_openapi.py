"""The server behaves as its OpenAPI document says: schemathesis sends what it allows, and what it does not."""

import os
import pathlib
import subprocess
import sys

from conftest import KEY


def test_every_endpoint_answers_as_the_document_says(served, tmp_path):
    run = subprocess.run(
        [
            pathlib.Path(sys.executable).with_name("schemathesis"), "run", served.url + "/openapi.json",
            "--header", f"Authorization: Bearer {KEY}", "--max-examples", "40", "--seed", "1", "--phases", "examples,coverage,fuzzing",
            "--request-timeout", "30", "--output-sanitize", "false",
            # The server ignores fields that it does not use, whatever they hold.
            "--exclude-checks", "negative_data_rejection",
        ],
        capture_output=True, text=True, cwd=tmp_path,
        env=dict(os.environ, SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=str(pathlib.Path(__file__).parent)),
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-8000:]
