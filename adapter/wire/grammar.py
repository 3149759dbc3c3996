"""A RELAX NG schema, read so far as is needed to say where a message departs from it, in our own words and places.

libxml2 says whether a message fits. What it says of one that does not quotes values and names no place in an
interleave, so what does not fit is walked once more along the same schema: only messages that are refused pay for it.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from lxml import etree

RNG: Final = "{http://relaxng.org/ns/structure/1.0}"
_MANY = 1_000_000
_VALUES = frozenset(("data", "value", "list"))
_THROUGH = frozenset(("group", "interleave", "div", "mixed"))


@dataclass(frozen=True, slots=True)
class Names:
    """Which elements a pattern means: those of `these`, or all but those of `but` (of one namespace, or of any)."""

    these: tuple[str, ...] = ()
    within: str | None = None
    but: frozenset[str] = frozenset()

    def hold(self, tag: str) -> bool:
        if self.within is None:
            return tag in self.these
        return tag not in self.but and (not self.within or tag.startswith(f"{{{self.within}}}"))


@dataclass(frozen=True, slots=True)
class Child:
    """An element that may stand inside another, how often, and of which choice it is one way."""

    names: Names
    pattern: etree._Element
    least: int
    most: int
    choice: int | None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of its own name and the form of its value (None: any text)."""

    name: str
    required: bool
    value: "Value | None"


class Value:
    """The form of a text: a data type, a fixed value, or a choice of them."""

    def __init__(self, pattern: etree._Element) -> None:
        self._pattern = pattern

    @cached_property
    def _schema(self) -> etree.RelaxNG:
        element = etree.Element(f"{RNG}element", {"name": "value"})
        element.append(deepcopy(self._pattern))
        if library := _inherited(self._pattern, "datatypeLibrary"):
            element.set("datatypeLibrary", library)
        return etree.RelaxNG(element)

    def holds(self, text: str) -> bool:
        element = etree.Element("value")
        element.text = text
        return bool(self._schema.validate(element))


@dataclass(slots=True)
class Content:
    """What may stand in an element. Of each choice in `needed` one way must be taken.

    `text`: any text may stand there; `anything`: any attribute too, and then everything.
    """

    children: list[Child] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    needed: set[int] = field(default_factory=set)
    choices: int = 0
    text: bool = False
    value: Value | None = None
    anything: bool = False


class Grammar:
    """One schema. Its start is a single element; parts of it are read when a message first departs there."""

    def __init__(self, root: etree._Element) -> None:
        self._defines = {d.get("name", ""): d for d in root.iter(f"{RNG}define")}
        self._start = next(root.iter(f"{RNG}start"))
        self._contents: dict[etree._Element, Content] = {}

    @cached_property
    def root(self) -> Child:
        [child] = self._read(self._start).children
        return child

    def content(self, child: Child) -> Content:
        """What may stand in it."""
        known = self._contents.get(child.pattern)
        if known is None:
            known = self._contents[child.pattern] = self._read(child.pattern)
        return known

    def _read(self, pattern: etree._Element) -> Content:
        content = Content()
        for part in _parts(pattern):
            self._take(part, content, 1, 1, None)
        return content

    def _take(self, part: etree._Element, to: Content, least: int, most: int, choice: int | None) -> None:
        kind = str(part.tag).removeprefix(RNG)
        if kind == "element":
            to.children.append(Child(_names(part), part, least, most, choice))
        elif kind == "attribute":
            self._take_attribute(part, to, required=least > 0)
        elif kind in _VALUES:
            to.value = Value(part)
        elif kind == "text":
            to.text = True
        elif kind == "choice":
            self._take_choice(part, to, least, most)
        else:
            self._take_parts(part, kind, to, least, most, choice)

    def _take_parts(
        self, part: etree._Element, kind: str, to: Content, least: int, most: int, choice: int | None
    ) -> None:
        """What only says how often: of its parts, or of those of the definition it names."""
        least = 0 if kind in ("optional", "zeroOrMore") else least
        most = _MANY if kind in ("zeroOrMore", "oneOrMore") else most
        for inner in self._defines[part.get("name", "")] if kind == "ref" else _parts(part):
            self._take(inner, to, least, most, choice)

    def _take_choice(self, part: etree._Element, to: Content, least: int, most: int) -> None:
        ways = list(part)
        if any(str(way.tag).removeprefix(RNG) in _VALUES for way in ways):
            to.value = Value(part)
            return
        one = None
        if most == 1:
            one, to.choices = to.choices, to.choices + 1
            free = any(str(way.tag) in (f"{RNG}optional", f"{RNG}zeroOrMore", f"{RNG}empty") for way in ways)
            if least and not free:
                to.needed.add(one)
        for way in ways:
            self._take(way, to, 0, most, one)

    def _take_attribute(self, part: etree._Element, to: Content, *, required: bool) -> None:
        name = part.get("name")
        if name is None:
            to.anything = True
            return
        form = [inner for inner in part if inner.tag != f"{RNG}text"]
        if form and form[0].tag == f"{RNG}ref":
            form = list(self._defines[form[0].get("name", "")])
        to.attributes.append(Attribute(name, required, Value(form[0]) if form else None))


def _parts(pattern: etree._Element) -> Iterator[etree._Element]:
    """The patterns inside, without what says how it is named."""
    name_classes = (f"{RNG}name", f"{RNG}anyName", f"{RNG}nsName")
    yield from (part for part in pattern if part.tag not in name_classes)


def _names(pattern: etree._Element) -> Names:
    name = pattern.get("name")
    if name is not None:
        return Names((_tag(pattern, name),))
    [said] = [part for part in pattern if part.tag in (f"{RNG}anyName", f"{RNG}nsName")]
    but = frozenset(_tag(n, (n.text or "").strip()) for n in said.iter(f"{RNG}name"))
    return Names((), "" if said.tag == f"{RNG}anyName" else _inherited(said, "ns"), but)


def _tag(pattern: etree._Element, name: str) -> str:
    namespace = _inherited(pattern, "ns")
    return f"{{{namespace}}}{name}" if namespace else name


def _inherited(pattern: etree._Element, attribute: str) -> str:
    for holder in (pattern, *pattern.iterancestors()):
        if (said := holder.get(attribute)) is not None:
            return said
    return ""
