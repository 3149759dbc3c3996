"""The measuring bench: every performance goal beside a floor that is measured in the same run.

    python -m tests.bench [--only G1,G2] [--quick] [--json FILE] [--database URL]

No timing here decides whether a test passes; the report says what is met.
"""
