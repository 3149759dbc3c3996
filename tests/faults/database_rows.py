"""What the adapter's database says in the end, in few statements; columns only that have a meaning of their own."""

from dataclasses import dataclass, field

from sqlalchemy import create_engine, make_url, text


@dataclass
class Rows:
    """`cases`: need → case id. `messages`: message id → case id. `lanes`: (recipient, case id) → message ids in the
    order of decision. `shape`: case id → what versions and steps it has. `open`: deliveries that are not accepted."""

    cases: dict[str, list[str]] = field(default_factory=dict)
    messages: dict[str, list[str]] = field(default_factory=dict)
    lanes: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    shape: dict[str, list[str]] = field(default_factory=dict)
    open: list[tuple[int, str]] = field(default_factory=list)


def rows_of(database: str) -> Rows:
    """Everything at once: nothing writes any more."""
    rows = Rows()
    url = make_url(database)
    driver = "sqlite" if url.drivername == "sqlite" else "postgresql+psycopg"
    engine = create_engine(url.set(drivername=driver))
    with engine.connect() as connection:
        for id_, need, state in connection.execute(text("SELECT id, need, state FROM case_")):
            rows.cases.setdefault(need, []).append(id_)
            rows.shape.setdefault(id_, []).append(f"is {state}")
        for message_id, case_id in connection.execute(text("SELECT message_id, case_id FROM received")):
            rows.messages.setdefault(message_id, []).append(case_id)
            rows.shape.setdefault(case_id, []).append("message")
        sent = "SELECT id, recipient, case_id, message_id, event, state FROM delivery ORDER BY id"
        for id_, recipient, case_id, message_id, event, state in connection.execute(text(sent)):
            rows.lanes.setdefault((recipient, case_id), []).append(message_id)
            rows.shape.setdefault(case_id, []).append(f"delivery {event}")
            if state != "accepted":
                rows.open.append((id_, state))
        for case_id, type_, number in connection.execute(text("SELECT case_id, type, number FROM version")):
            rows.shape.setdefault(case_id, []).append(f"version {type_} {number}")
        steps = text("SELECT case_id, lifecycle, before, after FROM history")
        for case_id, lifecycle, before, after in connection.execute(steps):
            rows.shape.setdefault(case_id, []).append(f"step {lifecycle} {before} {after}")
    engine.dispose()
    return rows
