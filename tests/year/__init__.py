"""A year of cases against the real flows and a real SQLite database, on a clock that only the simulation moves.

`python -m tests.year --cases 5000` plays it: every partner is a script, the post between them loses and repeats
what it carries, units are away for days, people forget. Each day the books are balanced; at the end everything is
accounted for.
"""
