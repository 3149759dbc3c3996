"""Where a message departs from a schema: each finding with its place in our own path form, never with a value."""

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from adapter.domain.problems import Finding
from adapter.wire.grammar import Child, Content, Grammar
from adapter.wire.xml import local


def misfits(grammar: Grammar, element: etree._Element) -> Iterator[Finding]:
    """What is missing (missing-element), wrong in form (malformed-value), in another namespace (wrong-namespace), or
    not meant to be there (structure), in document order."""
    place = place_of(element)
    if not grammar.root.names.hold(element.tag):
        yield Finding("structure", place)
    else:
        yield from _inside(grammar, grammar.root, element, place)


def place_of(element: etree._Element) -> str:
    """The place of an element (adapter/wire/tree.py), without positions where they are 0."""
    name, parent = local(element), element.getparent()
    if parent is None:
        return name
    before = sum(local(sibling) == name for sibling in element.itersiblings(preceding=True))
    return f"{place_of(parent)}.{name}" + (f"[{before}]" if before else "")


def _inside(grammar: Grammar, child: Child, element: etree._Element, place: str) -> Iterator[Finding]:
    content = grammar.content(child)
    if content.anything:
        return
    yield from _attributes(content, element, place)
    yield from _text(content, element, place)
    yield from _children(grammar, content, element, place)


def _attributes(content: Content, element: etree._Element, place: str) -> Iterator[Finding]:
    known = {attribute.name: attribute for attribute in content.attributes}
    for name, value in [(str(name), value) for name, value in element.items()]:
        attribute = known.get(name)
        if attribute is None:
            if not name.startswith("{"):
                yield Finding("structure", f"{place}.@{name}")
        elif attribute.value and not attribute.value.holds(str(value)):
            yield Finding("malformed-value", f"{place}.@{name}")
    for attribute in content.attributes:
        if attribute.required and element.get(attribute.name) is None:
            yield Finding("missing-element", f"{place}.@{attribute.name}")


def _text(content: Content, element: etree._Element, place: str) -> Iterator[Finding]:
    if content.value:
        if not content.value.holds(element.text or ""):
            yield Finding("malformed-value", place)
    elif not content.text and any(t and t.strip() for t in (element.text, *(c.tail for c in element))):
        yield Finding("structure", place)


def _children(grammar: Grammar, content: Content, element: etree._Element, place: str) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    counted: Counter[int] = Counter()
    ways: dict[int, int] = {}
    for inner in element:
        name = local(inner)
        here = f"{place}.{name}" + (f"[{seen[name]}]" if seen[name] else "")
        seen[name] += 1
        index = next((i for i, child in enumerate(content.children) if child.names.hold(inner.tag)), None)
        if index is None:
            yield Finding("wrong-namespace" if name in _expected(content) else "structure", here)
            continue
        child = content.children[index]
        counted[index] += 1
        other_way = child.choice is not None and ways.setdefault(child.choice, index) != index
        if other_way or counted[index] > child.most:
            yield Finding("structure", here)
        else:
            yield from _inside(grammar, child, inner, here)
    yield from _missing(content, counted, seen, place)


def _missing(content: Content, counted: Counter[int], seen: Counter[str], place: str) -> Iterator[Finding]:
    """What must stand there and does not. Of a choice the first way is named; what stands there in another namespace
    has been told."""
    taken = {child.choice for index, child in enumerate(content.children) if counted[index]}
    open_choices = content.needed - taken
    for index, child in enumerate(content.children):
        name = _name(child)
        if counted[index] < child.least or child.choice in open_choices:
            if not seen[name]:
                yield Finding("missing-element", f"{place}.{name}")
            open_choices = open_choices - {child.choice}


def _expected(content: Content) -> set[str]:
    return {_name(child) for child in content.children if child.names.these}


def _name(child: Child) -> str:
    return child.names.these[0].rpartition("}")[2] if child.names.these else ""
