"""Applikasjonskvittering (AppRec): the answer to an XML message, written and read in both versions, 1.0 and 1.1.

A positive AppRec says that the message is received and will be handled, nothing about the outcome.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

from lxml import etree

from adapter.domain.acknowledgement import Version
from adapter.domain.identifiers import message_uuid
from adapter.domain.message import Envelope, Party
from adapter.domain.problems import Catalogue, Finding, Refused
from adapter.wire import xml
from adapter.wire.schema import Schemas
from adapter.wire.tree import as_xpath

NAMESPACES: Final[Mapping[Version, str]] = MappingProxyType(
    {
        "1.0": "http://www.kith.no/xmlstds/apprec/2004-11-21",
        "1.1": "http://www.kith.no/xmlstds/apprec/2012-02-15",
    }
)
ERRORS: Final = "2.16.578.1.12.4.1.1.8221"
MSGHEAD: Final = "{http://www.kith.no/xmlstds/msghead/2006-05-24}MsgHead"

_MIG: Mapping[Version, str] = MappingProxyType({"1.0": "1.0 2004-11-21", "1.1": "v1.1 2012-02-15"})
# Senders disagree about the date in MIGversion of 1.0, so only the number is compared.
_VERSIONS = MappingProxyType({namespace: version for version, namespace in NAMESPACES.items()})
_TYPE_IDS = MappingProxyType({"HER": "HER-id", "ENH": "Organisasjonsnummeret i Enhetsregister"})
_OTHER_ERROR = "X99"
_MAX_BYTES, _MAX_DEPTH = 1_000_000, 20  # an AppRec has ten levels and a few kilobytes
# Codes of Volven 8221, and those that partners add to them; anything else in their place could be a person's data.
_CODE = re.compile(r"[A-Z]{0,2}[0-9]{2,3}")
_MOST_CODES = 10
_SAID = MappingProxyType({"1": "apprec-ok", "2": "apprec-rejected", "3": "apprec-partly"})

Status = Literal["1", "2", "3"]  # Volven 8258: OK; rejected; OK, with an error in a part


@dataclass(frozen=True, slots=True)
class AppRecStatus:
    """What an AppRec says: status (Volven 8258), the MsgId it answers, its error codes in order, and who says so."""

    status: Status
    original: str
    errors: tuple[str, ...]
    sender: Party = field(default_factory=Party, compare=False)

    @property
    def said(self) -> str:
        """The status in the words of `adapter.domain.delivery.Receipt`; what is OK but for an error is not OK."""
        return _SAID["3" if self.status == "1" and self.errors else self.status]

    @property
    def codes(self) -> str:
        """The error codes as they may be kept and shown, each once, apart by commas: nothing else of the partner's."""
        known = (code if _CODE.fullmatch(code) else _OTHER_ERROR for code in self.errors)
        return ",".join([*dict.fromkeys(known)][:_MOST_CODES])


def write(
    envelope: Envelope,
    findings: Iterable[Finding],
    catalogue: Catalogue,
    *,
    displays: Mapping[str, str],
    id: str,
    at: datetime,
    software_version: str,
    version: Version,
) -> bytes:
    """An AppRec to the sender of `envelope`: rejected with one Error per error finding, otherwise OK.

    `at` has a time zone. An Error holds the code of Volven 8221 with its official text (`displays`), and in OT the
    catalogue's text in Norwegian and the place as XPath; never a value. Warnings have no place in an AppRec.
    """
    errors = tuple(dict.fromkeys(catalogue.errors(findings)))
    namespace = NAMESPACES[version]
    root = etree.Element(f"{{{namespace}}}AppRec", nsmap={None: namespace})  # type: ignore[dict-item] # stub
    _code(root, "MsgType", V="APPREC", DN="Applikasjonskvittering")
    _text(root, "MIGversion", _MIG[version])
    _text(root, "SoftwareName", "ip-adapter")
    _text(root, "SoftwareVersion", software_version)
    _text(root, "GenDate", at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _text(root, "Id", id)
    _party(_element(root, "Sender"), envelope.receiver, V="PRIM", DN="Primærmottaker")
    _party(_element(root, "Receiver"), envelope.sender, V="AVS", DN="Avsender")
    _code(root, "Status", V="2", DN="Avvist") if errors else _code(root, "Status", V="1", DN="OK")
    for error in errors:
        _error(root, error, catalogue, displays)
    original = _element(root, "OriginalMsgId")
    _code(original, "MsgType", V=envelope.kind, DN=envelope.kind_display)
    _text(original, "IssueDate", envelope.generated)
    _text(original, "Id", envelope.written or envelope.message_id)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _error(root: etree._Element, finding: Finding, catalogue: Catalogue, displays: Mapping[str, str]) -> None:
    problem = catalogue[finding.problem]
    code = problem.apprec or _OTHER_ERROR
    place = f" Sted: {as_xpath(finding.where)}" if finding.where else ""
    _code(root, "Error", V=code, S=ERRORS, DN=displays[code], OT=problem.text["nb"] + place)


def _party(side: etree._Element, party: Party, **role: str) -> None:
    """The organisation, by HER-id where it has one of its own, and the service below it."""
    _code(side, "Role", **role)
    institution = _element(_element(side, "HCP"), "Inst")
    _text(institution, "Name", party.name)
    addresses = list(party.her_ids)
    department = addresses.pop() if addresses and (party.service or len(addresses) > 1) else ""
    if addresses:
        _identity(institution, "HER", addresses[0])
    elif party.organisation:
        _identity(institution, "ENH", party.organisation)
    if department or party.service:
        below = _element(institution, "Dept")
        _text(below, "Name", party.service)
        if department:
            _identity(below, "HER", department)


def _identity(parent: etree._Element, kind: str, number: str) -> None:
    _text(parent, "Id", number)
    _code(parent, "TypeId", V=kind, DN=_TYPE_IDS[kind])


def _element(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{parent.tag.partition('}')[0]}}}{name}")


def _text(parent: etree._Element, name: str, text: str) -> None:
    if text:
        _element(parent, name).text = text


def _code(parent: etree._Element, name: str, **attributes: str) -> None:
    element = _element(parent, name)
    for attribute, value in attributes.items():
        if value:
            element.set(attribute, value)


def read_receipt(raw: bytes, message_id: str) -> tuple[str, str]:
    """What an answer's body says to the message with this id, and its error codes apart by commas: "apprec-ok",
    "apprec-rejected", "apprec-partly", or "nonsense" for what is no AppRec about this message.
    """
    try:
        found = read(raw)
    except Refused:
        return "nonsense", ""
    about_it = message_uuid("", found.original) == message_uuid("", message_id)
    return (found.said, found.codes) if about_it else ("nonsense", "")


def read(raw: bytes, schemas: Schemas | None = None) -> AppRecStatus:
    """What a partner answers; with `schemas`, only what has their structure.

    Raises Refused: whatever `xml.parse` refuses, wrong-door (a Hodemelding), unsupported-message-type (no AppRec),
    wrong-namespace (an unknown version), missing-element, malformed-value (MIGversion), unknown-code (status).
    """
    root = xml.parse(raw, max_bytes=_MAX_BYTES, max_depth=_MAX_DEPTH)
    step = f"{{{_namespace(root)}}}"
    version = (root.findtext(f"{step}MIGversion") or "").strip()
    status = root.find(f"{step}Status")
    said = status.get("V", "") if status is not None else ""
    original = (root.findtext(f"{step}OriginalMsgId/{step}Id") or "").strip()
    findings = [
        Finding("missing-element", f"AppRec.{place}")
        for place, value in (("MIGversion", version), ("Status.@V", said), ("OriginalMsgId.Id", original))
        if not value
    ]
    if version and version.removeprefix("v").partition(" ")[0] != _VERSIONS[_namespace(root)]:
        findings.append(Finding("malformed-value", "AppRec.MIGversion"))
    if said and said not in get_args(Status):
        findings.append(Finding("unknown-code", "AppRec.Status.@V"))
    if schemas:
        told = " ".join(finding.where for finding in findings)
        findings += [f for f in schemas.findings(root, _namespace(root)) if f.where not in told]
    if findings:
        raise Refused(*findings)
    errors = tuple(error.get("V", "") for error in root.findall(f"{step}Error"))
    return AppRecStatus(cast("Status", said), original, errors, _sender(root, step))


def _sender(root: etree._Element, step: str) -> Party:
    """Who gives the receipt: organisation number and HER-ids of the institution and its departments."""
    institution = root.find(f"{step}Sender/{step}HCP/{step}Inst")
    if institution is None:
        return Party()
    levels = (institution, *institution.findall(f"{step}Dept"))
    kinds = [(level.find(f"{step}TypeId"), level.findtext(f"{step}Id") or "") for level in levels]
    ids = [(kind.get("V", ""), number.strip()) for kind, number in kinds if kind is not None]
    enterprise = next((number for kind, number in ids if kind == "ENH"), "")
    return Party(enterprise, tuple(number for kind, number in ids if kind == "HER"))


def errors_of(raw: bytes) -> tuple[tuple[str, str], ...]:
    """The errors of an AppRec of our own, each as its code and what we say of it (OT)."""
    root = xml.parse(raw, max_bytes=_MAX_BYTES, max_depth=_MAX_DEPTH)
    found = root.findall(f"{{{_namespace(root)}}}Error")
    return tuple((error.get("V", ""), error.get("OT", "") or error.get("DN", "")) for error in found)


def _namespace(root: etree._Element) -> str:
    name = etree.QName(root)
    if root.tag == MSGHEAD:
        raise Refused(Finding("wrong-door", "MsgHead"))
    if name.localname != "AppRec":
        raise Refused(Finding("unsupported-message-type", "AppRec"))
    if name.namespace not in _VERSIONS:
        raise Refused(Finding("wrong-namespace", "AppRec"))
    return str(name.namespace)
