"""Applikasjonskvittering (AppRec): the answer to an XML message, written as 1.1 and read as 1.0 and 1.1.

A positive AppRec says that the message is received and will be handled, nothing about the outcome.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

from lxml import etree

from adapter.domain.message import Envelope, Party
from adapter.domain.problems import Catalogue, Finding, Refused
from adapter.wire import xml
from adapter.wire.schema import Schemas
from adapter.wire.tree import as_xpath

NAMESPACE: Final = "http://www.kith.no/xmlstds/apprec/2012-02-15"
VERSION: Final = "v1.1 2012-02-15"
ERRORS: Final = "2.16.578.1.12.4.1.1.8221"

# Senders disagree about the date in MIGversion of 1.0, so only the number is compared.
_VERSIONS = MappingProxyType({NAMESPACE: "1.1", "http://www.kith.no/xmlstds/apprec/2004-11-21": "1.0"})
_TYPE_IDS = MappingProxyType({"HER": "HER-id", "ENH": "Organisasjonsnummeret i Enhetsregister"})
_OTHER_ERROR = "X99"
_MAX_BYTES, _MAX_DEPTH = 1_000_000, 20  # an AppRec has ten levels and a few kilobytes

Status = Literal["1", "2", "3"]  # Volven 8258: OK; rejected; OK, with an error in a part


@dataclass(frozen=True, slots=True)
class AppRecStatus:
    """What an AppRec says: status (Volven 8258), the MsgId it answers, its error codes in order."""

    status: Status
    original: str
    errors: tuple[str, ...]


def write(
    envelope: Envelope,
    findings: Iterable[Finding],
    catalogue: Catalogue,
    *,
    displays: Mapping[str, str],
    id: str,
    at: datetime,
    software_version: str,
) -> bytes:
    """AppRec 1.1 to the sender of `envelope`: rejected with one Error per error finding, otherwise OK.

    `at` has a time zone. An Error holds the code of Volven 8221 with its official text (`displays`), and in OT the
    catalogue's text in Norwegian and the place as XPath; never a value. Warnings have no place in an AppRec.
    """
    errors = tuple(dict.fromkeys(catalogue.errors(findings)))
    root = etree.Element(f"{{{NAMESPACE}}}AppRec", nsmap={None: NAMESPACE})  # type: ignore[dict-item] # stub
    _code(root, "MsgType", V="APPREC", DN="Applikasjonskvittering")
    _text(root, "MIGversion", VERSION)
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
    _text(original, "Id", envelope.message_id)
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
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")


def _text(parent: etree._Element, name: str, text: str) -> None:
    if text:
        _element(parent, name).text = text


def _code(parent: etree._Element, name: str, **attributes: str) -> None:
    element = _element(parent, name)
    for attribute, value in attributes.items():
        if value:
            element.set(attribute, value)


def read(raw: bytes, schemas: Schemas | None = None) -> AppRecStatus:
    """What a partner answers; with `schemas`, only what has their structure.

    Raises Refused: whatever `xml.parse` refuses, unsupported-message-type (no AppRec), wrong-namespace (an
    unknown version), missing-element, malformed-value (MIGversion), unknown-code (status).
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
    return AppRecStatus(cast("Status", said), original, errors)


def _namespace(root: etree._Element) -> str:
    name = etree.QName(root)
    if name.localname != "AppRec":
        raise Refused(Finding("unsupported-message-type", "AppRec"))
    if name.namespace not in _VERSIONS:
        raise Refused(Finding("wrong-namespace", "AppRec"))
    return str(name.namespace)
