"""Independent FHIR R4 validators (Medplum and npm `fhir`, run by Node) to hold our own answers against."""

import json as stdlib_json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapter.domain.case import Resource
from adapter.wire import json

ORACLE = Path(__file__).resolve().parent / "oracle"
DEFINITIONS = ORACLE / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
_NODE = shutil.which("node")

needs_oracle = pytest.mark.skipif(
    _NODE is None or not DEFINITIONS.is_dir(),
    reason="the independent validators need Node.js 20 and `npm ci` in tests/oracle",
)


def verdicts(resources: Sequence[Resource]) -> list[list[str]]:
    """What the validators hold against each resource; an empty list where they find nothing."""
    lines = b"".join(json.dumps(resource) + b"\n" for resource in resources)
    done = subprocess.run(
        [str(_NODE), "validate.mjs"], cwd=ORACLE, input=lines, stdout=subprocess.PIPE, timeout=300, check=True
    )
    said = [stdlib_json.loads(line) for line in done.stdout.splitlines()]
    if len(said) != len(resources):
        raise AssertionError("the validators answered for another number of resources")
    return said
