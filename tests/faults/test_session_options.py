"""What the server does by itself about a client that vanished: every session of ours asks for it."""

import pytest
from own_postgresql import OwnPostgreSQL

from adapter.outside.store.engine import open_engine, open_single, read_url

pytestmark = [pytest.mark.faults, pytest.mark.processes, pytest.mark.server]

SETTINGS = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")


def test_the_server_notices_a_vanished_client_within_half_a_minute(server: OwnPostgreSQL) -> None:
    """A dead machine keeps no locks for hours. Asked over TCP: over a socket file the answer is always 0."""
    url = read_url(server.new_database())
    for engine in (open_engine(url, 1.0), open_single(url), open_single(url, "-c idle_session_timeout=5000")):
        with engine.connect() as connection:
            shown = {name: int(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in SETTINGS}
        idle, interval, count, unheard_ms = shown.values()
        assert 0 < idle + interval * count <= 30
        assert 0 < unheard_ms <= 30_000
        engine.dispose()
