"""`ip-adapter explain`"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer

from adapter.cli.opening import opened
from adapter.cli.options import Database, Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.flows.account import Account, Leaf, Message, Route, Sent
from adapter.flows.explain import explain

_ROUTES = {
    "addressed-by-sender": "the sender had addressed it",
    "found-by-place": "found by municipality of stay, district and age",
    "chosen-by-person": "chosen by a person",
}


def command(
    id: Annotated[str, typer.Argument(help="Id of a case or of a message, or the number of a delivery.")],
    database: Database = None,
    json: Json = False,
) -> None:
    """Tell why a case stands as it does, without naming a value.

    For every leaf of every message of the case: which fact took it and into which elements of which resource
    version the fact went, or why it was set aside. Then the route, each step with its cause, and each delivery
    with its tries and the consents it rests on; of a plan each element that its recipient got or did not get, and
    by which consent; of what waits or was stopped what each consent came to. Nothing of a person is printed, so the
    output may be shared with those who look for a fault.

    \b
    Examples:
      ip-adapter explain 11111111-1111-4111-8111-000000000005
      ip-adapter explain 17 --json
    \b
    Exit codes: 0 told, 1 there is nothing of that id, 2 the database could not be read.
    """
    with opened(settings_with(database=database)) as now:
        account = explain(id, now.parts)
    if json:
        tell_json(as_object(account))
        return
    for line in lines(account):
        tell(line)


def as_object(account: Account) -> dict[str, Any]:
    """The account as JSON values, with the totals of each message."""
    messages = [asdict(m) | {"totals": m.totals} for m in account.messages]
    return asdict(account) | {"messages": messages}


def lines(account: Account) -> Iterator[str]:
    """The account as lines for a person."""
    if account.case:
        yield f"Case {account.case}: {account.state}"
    for message in account.messages:
        yield from _message(message)
    if account.route:
        yield f"Route: {_route(account.route)}"
    for s in account.steps:
        yield (
            f"Step {s.at.isoformat()}  {s.lifecycle}: {s.before} --{s.event}--> {s.after}"
            f"  by {s.actor}, because of {s.because}"
        )
    for w in account.waiting:
        yield f"Waits for a person since {w.since.isoformat()}: {w.list}, {w.reason}"
    for sent in account.deliveries:
        yield from _delivery(sent)


def _message(message: Message) -> Iterator[str]:
    yield (
        f"Message {message.message_id} ({message.door}, {message.kind}) from {message.sender}"
        f" at {message.at.isoformat()}: answered {message.status}, read by {message.mapping or 'no table'}"
    )
    for finding in message.findings:
        yield f"  finding  {finding.problem}  {finding.where}".rstrip()
    if message.unaccounted:
        yield f"  no account of its elements: {message.unaccounted}"
        return
    for leaf in message.leaves:
        yield f"  {leaf.outcome:<7}  {leaf.place}{_taken(leaf)}"
    totals = message.totals
    yield (
        f"  {len(message.leaves)} leaves: {totals['read']} read, {totals['ignored']} ignored,"
        f" {totals['unread']} unread"
    )


def _taken(leaf: Leaf) -> str:
    facts = f"  -> {', '.join(leaf.facts)}" if leaf.facts else ""
    to = [f"{e.element} ({e.version}{', unchanged' if e.unchanged else ''})" for e in leaf.went_to]
    return facts + (f"  -> {'; '.join(to)}" if to else "") + (f"  [{leaf.because}]" if leaf.because else "")


def _route(route: Route) -> str:
    if route.rule == "not-routed":
        return "none yet"
    return f"unit {route.unit} of {route.organisation}, {_ROUTES[route.rule]}"


def _delivery(sent: Sent) -> Iterator[str]:
    because = f" ({sent.because})" if sent.because else ""
    yield (
        f"Delivery {sent.id} to {sent.recipient}: {sent.event} about {sent.focus}, category {sent.category};"
        f" {sent.state}{because}"
    )
    yield f"  carries {', '.join(sent.carries)}"
    for tried in sent.tried:
        consents = f", on consents {', '.join(tried.consents)}" if tried.consents else ""
        yield f"  {tried.at.isoformat()}  {tried.because}{consents}"
    for number, at, receipt in sent.receipts:
        yield f"  receipt of try {number} at {at.isoformat()}: {receipt.transport} {receipt.http} {receipt.said}"
    for shown in sent.elements:
        by = f" by consents {', '.join(shown.consents)}" if shown.consents else ""
        yield f"  {shown.outcome:<8}  {shown.place}  ({shown.because}{by})"
    for ground in sent.grounds:
        yield f"  consent {ground.consent}: {ground.says}"
    if sent.now:
        yield f"  due {sent.due.isoformat()}; consent says now: {sent.now}"
