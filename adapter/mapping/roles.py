"""What paths begin in: the resources of a FHIR message by what they do there, and the content of a Hodemelding."""

from collections.abc import Iterable, Mapping

from adapter.domain.case import Resource
from adapter.domain.problems import Finding
from adapter.mapping.engine import Root
from adapter.mapping.paths import Found, find
from adapter.mapping.rows import Role
from adapter.wire.parties import Entries
from adapter.wire.tree import Tree


def roots_of(bundle: Resource, roles: Iterable[Role]) -> tuple[Mapping[str, Root], tuple[Finding, ...]]:
    """Each role's resource as a root for mapping paths, its place inside the Bundle.

    A role is the first target of the right type among the references that another role holds. References that
    lead nowhere are findings; so are roles that must be there and are not.
    """
    roots = {"header": _entry(bundle, 0)}
    entries = Entries(bundle)
    findings: list[Finding] = []
    for role in roles:
        holder = roots.get(role.source)
        references = list(find(holder.tree, role.at, holder.place)) if holder else []
        targets = _targets(bundle, entries, references, role)
        if targets:
            roots[role.name] = targets[0]
        elif role.need and holder:
            broken = next((f for f in references if _dangling(entries, f)), None)
            problem = "unresolved-reference" if broken else "missing-element"
            findings.append(Finding(problem, broken.place if broken else f"{holder.place}.{role.at}"))
    return roots, tuple(findings)


def roots_of_hodemelding(tree: Tree) -> Mapping[str, Root]:
    """The whole message as `MsgHead`, and what it brings as `payload`: the content of the document that is no
    attachment (MsgType XML of Volven 8114), or of the first that has any. Where there is none, there is no such root.
    """
    roots = {"MsgHead": Root("MsgHead", tree)}
    contents = [
        *find(tree, "Document.RefDoc[MsgType.@V=XML].Content", "MsgHead"),
        *find(tree, "Document.RefDoc.Content", "MsgHead"),
    ]
    held = (inside for content in contents for inside in contents_of(content))
    first = next(held, None)
    return roots | {"payload": first} if first else roots


def contents_of(content: Found) -> list[Root]:
    """Each thing that a Content element holds."""
    names = content.value if isinstance(content.value, dict) else {}
    return [
        Root(f"{content.place}.{name}[{position}]", item)
        for name, items in names.items()
        if isinstance(items, list)
        for position, item in enumerate(items)
    ]


def targets(bundle: Resource, roots: Mapping[str, Root], role: Role) -> list[Root]:
    """Every resource that could take a role, in the order of the references that lead to them."""
    holder = roots.get(role.source)
    references = list(find(holder.tree, role.at, holder.place)) if holder else []
    return _targets(bundle, Entries(bundle), references, role)


def _targets(bundle: Resource, entries: Entries, references: Iterable[Found], role: Role) -> list[Root]:
    found = [root for reference in references if (root := _target(bundle, entries, reference, role.type))]
    return [root for root in found if role.only is None or _fits(root, *role.only)]


def _fits(root: Root, path: str, value: str) -> bool:
    said = [found.value for found in find(root.tree, path, root.place)]
    return value in said or not said


def _target(bundle: Resource, entries: Entries, found: Found, kind: str) -> Root | None:
    reference = found.value.get("reference") if isinstance(found.value, dict) else None
    hit = entries.resolve(reference) if isinstance(reference, str) else None
    if hit is None or hit[1].get("resourceType") != kind:
        return None
    return _entry(bundle, hit[0])


def _dangling(entries: Entries, found: Found) -> bool:
    reference = found.value.get("reference") if isinstance(found.value, dict) else None
    return isinstance(reference, str) and entries.resolve(reference) is None


def _entry(bundle: Resource, position: int) -> Root:
    return Root(f"Bundle.entry[{position}].resource", bundle["entry"][position]["resource"])
