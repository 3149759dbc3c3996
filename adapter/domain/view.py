"""What of a plan is shown to whom: the frame that everybody who gets it sees, and categories for the rest (CL-15)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapter.domain.consent import Category

SUBSETTED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
"""How FHIR R4 marks a resource of which only a part is there."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Of a type of resource: the names of `always` shown elements, the URLs of `extensions` that are, and the category
    of whatever else has none of its own (`rest`)."""

    always: frozenset[str]
    extensions: frozenset[str]
    rest: str


@dataclass(frozen=True, slots=True)
class Views:
    """mappings/view.yaml: of which category of information there are parts, and how each type of resource is shown.

    `parts` are the categories of elements, by name; `system` is the code system they stand in. `coordinators` (system,
    code) are the roles in a team that everybody in it sees: a record must show them (pasientjournalforskriften § 5 d).
    """

    whole: str
    parts: Mapping[str, Category]
    system: str
    frames: Mapping[str, Frame]
    coordinators: frozenset[tuple[str, str]]

    @property
    def extension(self) -> str:
        """The URL of the extension that a category of `system` stands in."""
        return self.system.replace("/CodeSystem/", "/StructureDefinition/")
