"""Where the official schemas and examples stand, beside the project; they are not ours to carry along."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(),
    reason="the official schemas and examples (../shared/data) are not beside this project",
)
