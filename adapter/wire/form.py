"""A need reported by telephone, as somebody has written it down in a form: YAML, or JSON, which is YAML as well.

A form is lines of names and values. Everything in it is text: a date is what was written. It has no anchors, no tags
and no value twice, so that what is read is what stands there.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from adapter.domain.identifiers import derived
from adapter.domain.message import Envelope, Party
from adapter.domain.problems import Finding
from adapter.wire.tree import Tree
from adapter.wire.unreadable import Unreadable

KIND = "need-by-telephone"
ROOT = "form"
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NOT_A_FORM = "not-a-form"
_NAME = re.compile(r"[a-z]+(-[a-z]+){0,3}")
_MOST_BYTES = 100_000
_DEEPEST = 6


def open_form(raw: bytes) -> tuple[Envelope, Tree]:
    """The head of a form, and all of it as names and texts; what is left empty is not there.

    `message_id` follows from the content: the same form is the same message. `conversation` is the id of the need, from
    who rang when about whom, so that one call is one need, however often it is written down. The sender is the
    organisation of who rang. Raises Unreadable: too-large, not-a-form (at `form:line`), missing-element.
    """
    tree = _tree(_node(raw))
    organisation = _said(tree, "hospital", "organisation").replace(" ", "")
    needed = {"hospital.organisation": organisation, "call.at": _said(tree, "call", "at")}
    if lacking := [name for name, value in needed.items() if not value]:
        raise Unreadable(*(Finding("missing-element", f"{ROOT}.{name}") for name in lacking))
    digest = hashlib.sha256(repr(tree).encode()).hexdigest()
    about = sorted(str(v) for k, v in _part(tree, "patient").items() if k in ("fnr", "dnr", "fhn"))
    her_id = _said(tree, "receiver", "her-id")
    envelope = Envelope(
        door="hand",
        message_id=(message_id := derived("form", organisation, digest)),
        envelope_id=message_id,
        kind=KIND,
        payload=KIND,
        sender=Party(organisation),
        receiver=Party("", (her_id,)) if her_id else Party(),
        generated=_said(tree, "call", "at"),
        digest=digest,
        conversation=derived("call", organisation, _said(tree, "call", "at"), *about),
    )
    return envelope, tree


def lines_of(raw: bytes) -> Mapping[str, int]:
    """The line, from 1, on which each place of a form stands; nothing of what is no YAML."""
    try:
        return dict(_lines(_node(raw), ROOT))
    except Unreadable:
        return {}


def line_of(place: str, lines: Mapping[str, int]) -> int:
    """The line of a place, or of what should have held it where it is missing; 1 where the form has nothing of it."""
    place, _, line = place.partition(":")
    if line:
        return int(line)
    while place not in lines and "." in place:
        place = place.rpartition(".")[0]
    return lines.get(place, 1)


def _node(raw: bytes) -> yaml.MappingNode:
    if len(raw) > _MOST_BYTES:
        raise Unreadable(Finding("too-large"))
    try:
        text = raw.decode("utf-8-sig")
        _require_plain(yaml.parse(text, Loader=_LOADER))
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise Unreadable(Finding(_NOT_A_FORM, f"{ROOT}:{line}")) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise Unreadable(Finding(_NOT_A_FORM, ROOT)) from None
    if not isinstance(node, yaml.MappingNode):
        raise Unreadable(Finding(_NOT_A_FORM, ROOT))
    return node


def _require_plain(events: Iterable[yaml.Event]) -> None:
    """Names and values, and no more: looked at before anything is built of it, as its nesting may be any."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.MappingStartEvent) - isinstance(event, yaml.MappingEndEvent)
        named = getattr(event, "anchor", None) or getattr(event, "tag", None)
        if named or isinstance(event, yaml.SequenceStartEvent) or depth > _DEEPEST:
            raise Unreadable(Finding(_NOT_A_FORM, f"{ROOT}:{_line(event)}"))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _tree(node: yaml.Node) -> Any:
    if not isinstance(node, yaml.MappingNode):
        return node.value
    found: dict[str, Any] = {}
    for name, below in node.value:
        known = isinstance(name, yaml.ScalarNode) and _NAME.fullmatch(name.value)
        if not known or name.value in found:  # what is no name might be anything, also a person's
            raise Unreadable(Finding(_NOT_A_FORM, f"{ROOT}:{name.start_mark.line + 1}"))
        found[name.value] = _tree(below)
    return {name: value for name, value in found.items() if value}


def _lines(node: yaml.Node, place: str) -> Iterator[tuple[str, int]]:
    for name, below in node.value if isinstance(node, yaml.MappingNode) else ():
        inside = f"{place}.{name.value}"
        yield inside, name.start_mark.line + 1
        yield from _lines(below, inside)


def _part(tree: Tree, name: str) -> Mapping[str, Any]:
    part = tree.get(name)
    return part if isinstance(part, dict) else {}


def _said(tree: Tree, part: str, name: str) -> str:
    value = _part(tree, part).get(name)
    return value.strip() if isinstance(value, str) else ""
