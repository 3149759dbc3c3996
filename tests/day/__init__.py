"""A day of a whole nation's messages against the real adapter, on a clock of its own.

`python -m tests.day --times 10` runs 24 hours in minutes: real processes of the adapter on a real database, partners
that listen on real sockets, and one simulated clock that all of them read.
"""
