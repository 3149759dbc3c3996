"""The official examples come from parties that no partner table of ours knows: here is one made from each file."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from api_client import Api, api_on, make_parts
from lxml import etree
from shared_data import SHARED

from adapter.domain.case import Case
from adapter.domain.delivery import Outgoing, Pinned
from adapter.domain.partners import Partner, Partners
from adapter.domain.routing import Unit
from adapter.outside.store import Database, open_store

FOLDER = SHARED / "norwegian-xml"
FILES = sorted(p for name in ("constructed", "examples") for p in (FOLDER / name).rglob("*") if p.is_file())
SENDER, RECEIVER, HOME = "999900011", "999900022", "999900099"
"""Whoever the file names: its own organisation numbers stand in the table where it has some."""
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def root_of(path: Path) -> etree._Element | None:
    """The root element, read without the adapter; None for what is no XML."""
    try:
        return etree.fromstring(path.read_bytes(), _PARSER)
    except etree.XMLSyntaxError:
        return None


def is_receipt(path: Path) -> bool:
    root = root_of(path)
    return root is not None and etree.QName(root).localname == "AppRec"


@contextmanager
def house_of(path: Path, database: Path) -> Iterator[tuple[Api, str]]:
    """An adapter that knows the parties of the file and answers for its receiver, and who sends the file.

    Of what a receipt is about, a letter stands there that went to its sender.
    """
    store = open_store(f"sqlite:///{database}", patience=1.0)
    try:
        yield api_of(path, store)
    finally:
        store.close()


def api_of(path: Path, store: Database) -> tuple[Api, str]:
    sides = {side: _identifiers(path, side) for side in ("Sender", "Receiver")}
    sender, receiver = (_partner(name, found) for name, found in sides.items())
    home = Partner(HOME, "Adapter", "adapter", {}, served=True, endpoint=None)
    if sender.organisation == receiver.organisation or sender.services.keys() & receiver.services.keys():
        # Some test messages go from an organisation to itself.
        sender = receiver = replace(receiver, services={**sender.services, **receiver.services})
    known = (home, sender, receiver)
    partners = Partners({p.organisation: p for p in known}, {h: p for p in known for h in p.services})
    parts = make_parts(store)
    service = next((number for kind, number in reversed(sides["Receiver"]) if kind == "HER"), "1")
    unit = Unit("9999", None, None, None, date(2018, 1, 1), None, receiver.organisation, service, "Enhet")
    directory = replace(parts.directory, units=(unit,))
    if is_receipt(path):
        _letter_to(sender.organisation, path, store)
    return api_on(store, partners=partners, directory=directory, max_bytes=5_000_000), sender.organisation


def _partner(side: str, found: list[tuple[str, str]]) -> Partner:
    made = {"Sender": SENDER, "Receiver": RECEIVER}[side]
    organisation = next((number for kind, number in found if kind == "ENH"), made)
    services = {number: "Tjeneste" for kind, number in found if kind == "HER"}
    kind = "hospital" if side == "Sender" else "municipality"
    served = side == "Receiver"
    return Partner(organisation, side, kind, services, served, f"https://{side.lower()}.example/edi")  # type: ignore[arg-type]


def _identifiers(path: Path, side: str) -> list[tuple[str, str]]:
    """(kind, number) of the organisations of one side, outermost first."""
    root = root_of(path)
    if root is None:
        return []
    levels = [*root.iterfind(f"{{*}}MsgInfo/{{*}}{side}//{{*}}Organisation/{{*}}Ident")]
    for institution in root.iterfind(f"{{*}}{side}/{{*}}HCP/{{*}}Inst"):
        levels += [
            i for i in (institution, *institution.iterfind("{*}Dept")) if i.find("{*}TypeId") is not None
        ]
    found = [((i.find("{*}TypeId").get("V") or ""), (i.findtext("{*}Id") or "").strip()) for i in levels]
    return [(kind, number) for kind, number in found if re.fullmatch(r"[0-9]+", number)]


def _letter_to(organisation: str, path: Path, store: Database) -> None:
    root = root_of(path)
    original = root.findtext(".//{*}OriginalMsgId/{*}Id") if root is not None else None
    case = Case("case-1", "need-1", "0f" * 32, HOME, organisation, None, "routed", make_parts(store).clock())
    pin = Pinned("Task", "t", 1)
    with store.transaction() as tx:
        tx.open_case(case)
        letter = Outgoing(
            (original or "none").lower(), organisation, case.id, "e", "need", pin, (pin,), case.opened_at
        )
        tx.send([letter])
