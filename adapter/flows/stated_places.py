"""Places of a person that a message states more than once, and not alike: nobody here knows which of them counts."""

from collections.abc import Mapping

from adapter.domain.problems import Finding
from adapter.mapping.engine import Root
from adapter.mapping.paths import find
from adapter.mapping.rows import ReadingTable

_PLACES = ("municipality", "district")


def one_place_each(
    table: ReadingTable, column: str, roots: Mapping[str, Root], facts: dict[str, str]
) -> list[Finding]:
    """Take a stay, or a registered place, that is stated in several ways out of `facts`, and say where it stood.

    Of a stay it is left that there is one (`stay.several`): the registered place does not step in for it.
    """
    findings = []
    for kind in ("stay", "registered"):
        differing = [
            place for name in _PLACES for place in differing_places(table, column, roots, f"{kind}.{name}")
        ]
        if not differing:
            continue
        findings += [Finding("several-stays", place) for place in differing]
        for fact in [name for name in facts if name.startswith(f"{kind}.")]:
            del facts[fact]
        if kind == "stay":
            facts["stay.several"] = "yes"
    return findings


def differing_places(table: ReadingTable, column: str, roots: Mapping[str, Root], fact: str) -> list[str]:
    """Where a fact that a table reads at the first place stands otherwise, too."""
    differing = []
    for cell in (row.cells[column] for row in table.rows if row.fact == fact and column in row.cells):
        root, _, rest = cell.at[0].partition(".")
        found = find(roots[root].tree, rest, roots[root].place) if root in roots else []
        differing += [f.place for f in found if f.value != found[0].value]
    return differing
