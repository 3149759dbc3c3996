"""The payload of a letter about a case: Dialogmelding 1.1 (2013-01-23) and 1.0 (2006-10-11), in the order of the XSDs.

1.1 carries *helsefaglig dialog*; 1.0 carries requests, answers, notes and *avvik*.
"""

import re
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from lxml import etree

from adapter.wire.characters import sound

Version = Literal["1.1", "1.0"]
NAMESPACES: Final = MappingProxyType(
    {
        "1.1": "http://www.kith.no/xmlstds/dialog/2013-01-23",
        "1.0": "http://www.kith.no/xmlstds/dialog/2006-10-11",
    }
)
COMMON: Final = "http://www.kith.no/xmlstds/felleskomponent1"
_NOT_DIALLED = re.compile(r"[^0-9+]")


class Code(NamedTuple):
    """A code with its official text, and the OID of its list ("" where the element has no place for one)."""

    value: str
    text: str
    list: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """An identifying number and its kind (Volven 9051 for organisations, 8116 for persons)."""

    value: str
    kind: Code


@dataclass(frozen=True, slots=True)
class Related:
    """Somebody with a part in what the letter is about (RollerRelatertNotat); "" and None where nothing is known.

    `role` is of Volven 9034, `profession` of 9060. `family` holds the whole name where it is not told in parts.
    """

    role: Code | None = None
    profession: Code | None = None
    family: str = ""
    given: str = ""
    number: Number | None = None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a note answers: its kind, and the MsgId it came in."""

    theme: Code
    message_id: str


@dataclass(frozen=True, slots=True)
class Dialog:
    """One note, or one request (`asks`), written on `day` (in Norway).

    `theme` is TemaKodet or TypeForesp. Where a request of 1.0 has no element for its subject it begins the text.
    """

    version: Version
    asks: bool
    theme: Code
    subject: str
    text: str
    day: date
    related: tuple[Related, ...] = ()
    asked: Asked | None = None


def element(dialog: Dialog) -> etree._Element:
    """The root of the payload."""
    step = f"{{{NAMESPACES[dialog.version]}}}"
    names: Any = {None: NAMESPACES[dialog.version], "fk1": COMMON}  # the stubs know no default namespace
    root = etree.Element(f"{step}Dialogmelding", nsmap=names)
    if dialog.asks:
        _request(etree.SubElement(root, f"{step}Foresporsel"), dialog, step)
    else:
        _note(etree.SubElement(root, f"{step}Notat"), dialog, step)
    return root


def _request(at: etree._Element, dialog: Dialog, step: str) -> None:
    _code(at, f"{step}TypeForesp", dialog.theme)
    if dialog.version == "1.1":
        _text(at, f"{step}EmneSporsmal", dialog.subject)
        _text(at, f"{step}Sporsmal", dialog.text)
    else:
        _text(at, f"{step}Sporsmal", "\n\n".join(t for t in (dialog.subject, dialog.text) if t))
    _people(at, dialog, step)


def _note(at: etree._Element, dialog: Dialog, step: str) -> None:
    _code(at, f"{step}TemaKodet", dialog.theme)
    _text(at, f"{step}Tema", dialog.subject)
    _text(at, f"{step}TekstNotatInnhold", dialog.text)
    _text(at, f"{step}DatoNotat", dialog.day.isoformat())
    if dialog.asked:
        request = etree.SubElement(at, f"{step}Foresporsel")
        _code(request, f"{step}TypeForesp", dialog.asked.theme)
        _text(request, f"{step}DokIdForesp", dialog.asked.message_id)
    _people(at, dialog, step)


def _people(at: etree._Element, dialog: Dialog, step: str) -> None:
    for one in dialog.related:
        related = etree.SubElement(at, f"{step}RollerRelatertNotat")
        if one.role:
            _code(related, f"{step}RoleToPatient", one.role)
        person = etree.SubElement(related, f"{step}HealthcareProfessional")
        if one.profession:
            _code(person, f"{step}TypeHealthcareProfessional", one.profession)
        _text(person, f"{step}FamilyName", one.family)
        _text(person, f"{step}GivenName", one.given)
        if one.number:
            _number(person, one.number, step)
        if dialled := _NOT_DIALLED.sub("", one.phone):
            telecom = etree.SubElement(person, f"{step}TeleCom")
            etree.SubElement(telecom, f"{{{COMMON}}}TeleAddress", V=f"tel:{dialled}")


def _number(person: etree._Element, number: Number, step: str) -> None:
    ident = etree.SubElement(person, f"{step}Ident")
    _text(ident, f"{{{COMMON}}}Id", number.value)
    _code(ident, f"{{{COMMON}}}TypeId", number.kind)


def _text(parent: etree._Element, tag: str, text: str) -> None:
    if text:
        etree.SubElement(parent, tag).text = sound(text)


def _code(parent: etree._Element, tag: str, code: Code) -> None:
    element = etree.SubElement(parent, tag, V=sound(code.value), DN=sound(code.text))
    if code.list:
        element.set("S", code.list)
