"""What is asked and written at every message and every delivery, built once.

Building a statement costs as much again as running it (SQLite: 110 us against 31 us), so none is built in a flow.
`HOT` names them all: each must be answered by an index, however many cases there are.
"""

from dataclasses import fields

from sqlalchemy import (
    CompoundSelect,
    Executable,
    Select,
    Update,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from adapter.domain.case import DEATHS, Case
from adapter.outside.store.rows import AT_ONCE, CASE_PREFIX
from adapter.outside.store.tables import (
    audit,
    case_,
    delivery,
    former_key,
    history,
    receipt,
    received,
    recipient,
    version,
    waiting,
)

# Written out, not bound: a planner proves that a partial index fits only when it sees the word.
IS_HEAD = delivery.c.place == literal_column("'head'")
IS_HELD = delivery.c.place == literal_column("'held'")
IS_OPEN = delivery.c.place != literal_column("'done'")

ANSWERED = select(received).where(
    received.c.door == bindparam("door"),
    received.c.sender == bindparam("sender"),
    received.c.message_id == bindparam("message_id"),
)
FIRST_IN_ENVELOPE = (
    select(received.c.message_id)
    .where(received.c.sender == bindparam("sender"), received.c.envelope_id == bindparam("envelope_id"))
    .order_by(received.c.at, received.c.id)
    .limit(1)
)
# What a partner may refer to: a message of its own that we took, or one that we sent to it.
REFERRED_TO = union_all(
    select(received.c.case_id).where(
        received.c.door == "edi",
        received.c.sender == bindparam("sender"),
        received.c.message_id == bindparam("reference"),
        received.c.case_id.is_not(None),
    ),
    select(delivery.c.case_id).where(
        delivery.c.message_id == bindparam("reference"), delivery.c.recipient == bindparam("sender")
    ),
)
CASE_OF_CONTENT = select(received.c.case_id).where(
    received.c.content == bindparam("content"), received.c.content != literal_column("''")
)
CASE = select(case_).where(case_.c.id == bindparam("id_"))
CASE_LOCKED = CASE.with_for_update()
CASES_OF_PERSON = select(case_).where(case_.c.subject_key == bindparam("person")).order_by(case_.c.id)
KNOWN_AS = (
    select(case_.c.subject_key)
    .join(former_key, former_key.c.case_id == case_.c.id)
    .where(former_key.c.subject_key == bindparam("person"))
    .order_by(former_key.c.at.desc(), case_.c.id)
    .limit(1)
)
FORMER_KEYS = (
    select(former_key)
    .where(former_key.c.case_id.in_(bindparam("ids", expanding=True)))
    .order_by(former_key.c.at, former_key.c.case_id)
)
FORGET_KEYS = delete(former_key).where(
    former_key.c.case_id == bindparam("case"), former_key.c.at >= bindparam("since")
)
CASES_LOCKED = (
    select(case_.c.id)
    .where(case_.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(case_.c.id)
    .with_for_update()
)
WRITE_CASE = (
    update(case_)
    .where(case_.c.id == bindparam("id_"))
    .values({field.name: bindparam(field.name) for field in fields(Case) if field.name != "id"})
)
MOVE_CASE = WRITE_CASE.values(moved_at=bindparam("moved_at"), look_at=bindparam("moved_at"))

_LATER = version.alias("later")
_NEWEST = (
    select(func.max(_LATER.c.number))
    .where(_LATER.c.type == version.c.type, _LATER.c.id == version.c.id)
    .scalar_subquery()
)
CURRENT_OF_CASES = select(version).where(
    version.c.case_id.in_(bindparam("cases", expanding=True)), version.c.number == _NEWEST
)
# Asked of whole cases under their lock: what `adapter.domain.case.edition` says of the same versions. Grouped: 0.15 ms
# for 16 cases on PostgreSQL, where asking for the newest of each resource in turn takes 3.4 ms.
_NEWEST_OF_CASES = (
    select(version.c.case_id, func.max(version.c.number).label("number"))
    .where(version.c.case_id.in_(bindparam("cases", expanding=True)))
    .group_by(version.c.case_id, version.c.type, version.c.id)
    .subquery()
)
EDITIONS = select(_NEWEST_OF_CASES.c.case_id, func.sum(_NEWEST_OF_CASES.c.number).label("edition")).group_by(
    _NEWEST_OF_CASES.c.case_id
)
CURRENT = (
    select(version)
    .where(version.c.type == bindparam("type_"), version.c.id == bindparam("id_"))
    .order_by(version.c.number.desc())
    .limit(1)
)
# A version and its case in one question: asked one after the other they take twice as long.
GLANCE = (
    select(version, *(case_.c[field.name].label(CASE_PREFIX + field.name) for field in fields(Case)))
    .join(case_, case_.c.id == version.c.case_id)
    .where(version.c.type == bindparam("type_"), version.c.id == bindparam("id_"))
    .order_by(version.c.number.desc())
    .limit(1)
)
# And perhaps others of the same resources: for three columns at once SQLite would read every version there is.
PINNED = select(version).where(
    version.c.type.in_(bindparam("types", expanding=True)),
    version.c.id.in_(bindparam("ids", expanding=True)),
    version.c.number.in_(bindparam("numbers", expanding=True)),
)

SAME_WAITING = select(waiting.c.id).where(
    waiting.c.case_id == bindparam("case"),
    waiting.c.list == bindparam("list_"),
    waiting.c.reason == bindparam("why"),
    waiting.c.resolved_at.is_(None),
)
PERSON_WAITS = (
    select(waiting.c.id)
    .join(case_, case_.c.id == waiting.c.case_id)
    .where(
        case_.c.subject_key == bindparam("person"),
        waiting.c.reason.in_(bindparam("reasons", expanding=True)),
        waiting.c.resolved_at.is_(None),
    )
    .limit(1)
)
_ANY = case_.alias("any_of_the_person")
PERSONS_WAIT = select(case_.c.id).where(
    case_.c.id.in_(bindparam("ids", expanding=True)),
    select(waiting.c.id)
    .join(_ANY, _ANY.c.id == waiting.c.case_id)
    .where(
        _ANY.c.subject_key == case_.c.subject_key,
        waiting.c.reason.in_(bindparam("reasons", expanding=True)),
        waiting.c.resolved_at.is_(None),
    )
    .exists(),
)
_RESOLVED = (
    update(waiting)
    .where(waiting.c.case_id == bindparam("case"), waiting.c.resolved_at.is_(None))
    .values(resolved_at=bindparam("at"), resolved_by=bindparam("by"))
)
RESOLVE = _RESOLVED.where(or_(waiting.c.list != "conversation", waiting.c.reason.not_in(DEATHS)))
RESOLVE_OF = _RESOLVED.where(waiting.c.reason.in_(bindparam("reasons", expanding=True)))

DELIVERIES = select(delivery).where(delivery.c.id.in_(bindparam("ids", expanding=True)))
DELIVERY_OF_MESSAGE = select(delivery).where(delivery.c.message_id == bindparam("message_id"))
DELIVERIES_OF_CASE = select(delivery).where(delivery.c.case_id == bindparam("case")).order_by(delivery.c.id)
RECEIPTS_OF_CASE = (
    select(receipt)
    .join(delivery, delivery.c.id == receipt.c.delivery)
    .where(delivery.c.case_id == bindparam("case"))
    .order_by(receipt.c.id)
)
READERS_OF_CASE = (
    select(audit.c.actor)
    .distinct()
    .where(audit.c.case_id == bindparam("case"), audit.c.action == "resource-read")
)
SENT_OF_CASES = select(
    delivery.c.message_id, delivery.c.recipient, delivery.c.case_id, delivery.c.place
).where(delivery.c.case_id.in_(bindparam("cases", expanding=True)))
_STOP = (
    update(delivery)
    .where(delivery.c.case_id == bindparam("case"), delivery.c.category == bindparam("kind"), IS_OPEN)
    .values(state="stopped-by-consent", place="done", because=bindparam("why"))
    .returning(delivery.c.id, delivery.c.recipient)
)
STOP_ALL = _STOP
STOP_TO = _STOP.where(delivery.c.recipient == bindparam("to"))
_OLDEST = (
    select(func.min(delivery.c.id))
    .where(
        delivery.c.recipient.in_(bindparam("recipients", expanding=True)),
        delivery.c.case_id.in_(bindparam("cases", expanding=True)),
        IS_OPEN,
    )
    .group_by(delivery.c.recipient, delivery.c.case_id)
    .having(func.max(case((IS_HEAD | IS_HELD, 1), else_=0)) == 0)
)
CALL_FORWARD = update(delivery).where(delivery.c.id.in_(_OLDEST)).values(place="head", clock=bindparam("at"))
# A mark that is there already is of a try whose outcome nobody knows: it stays.
MARK_BEGUN = (
    update(delivery)
    .where(delivery.c.id.in_(bindparam("ids", expanding=True)), IS_HEAD)
    .values(begun=func.coalesce(delivery.c.begun, bindparam("at")))
    .returning(delivery.c.id)
)
CHANGED = ("state", "place", "due", "clock", "tries", "because", "reference", "begun")
WRITE_BACK = (
    update(delivery)
    .where(delivery.c.id == bindparam("id_"))
    .values({name: bindparam(name + "_") for name in CHANGED})
)

_HAS_MAIL = select(delivery.c.id).where(
    delivery.c.recipient == recipient.c.organisation, IS_HEAD, delivery.c.due <= bindparam("now")
)
_AWAKE = or_(recipient.c.paused_until.is_(None), recipient.c.paused_until <= bindparam("now"))
DUE_RECIPIENTS = (
    select(recipient.c.organisation).where(_AWAKE, _HAS_MAIL.exists()).order_by(recipient.c.organisation)
)
_HEADS_TO = select(delivery).where(delivery.c.recipient == bindparam("to"), IS_HEAD).limit(bindparam("most"))
# Two ranges of the index on heads, each read in its own order: in one order by time whatever is new would be before
# whatever was tried.
DUE_AGAIN = _HEADS_TO.where(delivery.c.due > AT_ONCE, delivery.c.due <= bindparam("now")).order_by(
    delivery.c.due, delivery.c.id
)
DUE_FIRST = _HEADS_TO.where(delivery.c.due == AT_ONCE).order_by(delivery.c.id)
# By recipient, of whom there are hundreds: the index on heads begins with it. No case is locked, so it waits for
# nobody: what somebody writes just now is left for the next time.
_WAIT_TOO_LONG = (
    select(delivery.c.id)
    .where(
        delivery.c.recipient.in_(select(recipient.c.organisation)),
        IS_HEAD,
        delivery.c.due > bindparam("after"),
    )
    .with_for_update(skip_locked=True, of=delivery)
)
HASTEN = update(delivery).where(delivery.c.id.in_(_WAIT_TOO_LONG)).values(due=bindparam("due_to"))
PAUSE_OF = select(recipient).where(recipient.c.organisation == bindparam("to"))
SET_PAUSE = (
    update(recipient)
    .where(recipient.c.organisation == bindparam("to"))
    .values(failures=bindparam("failed"), paused_until=bindparam("until"))
)
UNPAUSE = update(recipient).where(recipient.c.organisation == bindparam("to")).values(paused_until=None)

MAIL_IS_THERE = select(func.pg_notify(bindparam("channel"), ""))

# Inline: the numbers of new rows are not asked for.
INSERT = {
    table.name: insert(table).inline()
    for table in (received, case_, former_key, history, version, delivery, receipt, waiting, audit)
}
# Somebody else may be making the same recipient.
KNOW_RECIPIENT = {
    True: postgresql.insert(recipient).on_conflict_do_nothing(),
    False: sqlite.insert(recipient).on_conflict_do_nothing(),
}

HOT: dict[str, Executable] = {
    name: statement
    for name, statement in dict(globals()).items()
    if isinstance(statement, CompoundSelect | Select | Update) and name.isupper() and not name.startswith("_")
}
"""What searches, by name, as it stands above."""
