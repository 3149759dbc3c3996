"""What FHIR allows in each element, read from fhir.resources' own metadata, one model at a time.

fhir.resources has R4B; for the resources used here its elements are those of R4 4.0.1. Types and data types
that only R4B has are left out, and code lists that its metadata shortens or lacks are completed here.
"""

import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

Model = Any
"""A fhir.resources model class; its classes are made while running, so no type checker knows them."""

_SINCE_R4B = frozenset(
    {
        "AdministrableProductDefinition",
        "Citation",
        "ClinicalUseDefinition",
        "EvidenceReport",
        "Ingredient",
        "ManufacturedItemDefinition",
        "MedicinalProductDefinition",
        "NutritionProduct",
        "PackagedProductDefinition",
        "RegulatedAuthorization",
        "SubstanceDefinition",
        "SubscriptionStatus",
        "SubscriptionTopic",
    }
)
_LONGEST_NAME = 64
_ABSTRACT = frozenset({"Resource", "DomainResource"})
_DATA_TYPES_SINCE_R4B = ("CodeableReference", "RatioRange")

_COMPARATOR = "< <= >= >"
_ENCOUNTER_STATUS = "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
_REQUIRED_CODES: Mapping[tuple[str, str], frozenset[str]] = {
    place: frozenset(codes.split())
    for place, codes in {
        ("Task", "status"): "draft requested received accepted rejected ready cancelled in-progress on-hold"
        " failed completed entered-in-error",
        ("Encounter", "status"): _ENCOUNTER_STATUS,
        ("EncounterStatusHistory", "status"): _ENCOUNTER_STATUS,
        ("Quantity", "comparator"): _COMPARATOR,
        ("Age", "comparator"): _COMPARATOR,
        ("Count", "comparator"): _COMPARATOR,
        ("Distance", "comparator"): _COMPARATOR,
        ("Duration", "comparator"): _COMPARATOR,
        (
            "TimingRepeat",
            "when",
        ): "MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late"
        " NIGHT PHS HS WAKE C CM CD CV AC ACM ACD ACV PC PCM PCD PCV",
        ("AuditEvent", "action"): "C R U D E",
        ("AuditEvent", "outcome"): "0 4 8 12",
        ("AuditEventAgentNetwork", "type"): "1 2 3 4 5",
        ("OperationOutcomeIssue", "code"): "invalid structure required value invariant security login unknown"
        " expired forbidden suppressed processing not-supported duplicate multiple-matches not-found deleted"
        " too-long code-invalid extension too-costly business-rule conflict transient lock-error no-store"
        " exception timeout incomplete throttled informational",
    }.items()
}
# Forms that fhir.resources does not hold primitive values to, by its names of the primitive types.
_URI = re.compile(r"\S+")
_FORMS: Mapping[str, re.Pattern[str]] = {
    "Uri": _URI,
    "Url": _URI,
    "Canonical": _URI,
    "Id": re.compile(r"[A-Za-z0-9\-.]{1,64}"),
    "EncodedBytes": re.compile(r"[A-Za-z0-9+/=\s]+"),
    "Xhtml": re.compile(r"\s*<div\b.*</div>\s*", re.DOTALL),
}
_NOT_REQUIRED_CODES = frozenset({("CapabilityStatement", "format"), ("Expression", "language")})


@dataclass(frozen=True, slots=True)
class Element:
    """One element as JSON.

    `kinds`: the Python types its value may have. `form`: what a string must match. `child`: the type of a
    complex element, None for a primitive one. `codes`: the required value set. `targets`: the resource types
    a reference may point to. None is any. `primitive`: a list of it may hold null where its sibling
    (`given`, `_given`) has something. `type`: what fhir.resources calls the primitive type ("" for the others and for
    booleans). `required`: it must be there. `choice`: of the elements with the same one (`value` of `valueString` …)
    only one may be there, and one must be where that is `choice_required`.
    """

    many: bool
    kinds: tuple[type, ...]
    child: Any
    codes: frozenset[str] | None
    targets: frozenset[str] | None
    primitive: bool
    form: re.Pattern[str] | None
    type: str
    required: bool
    choice: str
    choice_required: bool

    @property
    def model(self) -> Model:
        return self.child.get_model_klass()


def resource_model(name: str) -> Model | None:
    """The model of a resource type of R4, None where there is none. Imports that type only."""
    return _resource_model(name) if len(name) <= _LONGEST_NAME else None


@lru_cache(256)  # R4 has 148 types; what callers send in place of one must not gather without end
def _resource_model(name: str) -> Model | None:
    if not name.isalpha() or name in _SINCE_R4B or name in _ABSTRACT:
        return None
    try:
        model = get_fhir_model_class(name)
    except ValueError:
        return None
    return model if model.has_resource_base() else None


@cache
def elements(model: Model) -> Mapping[str, Element]:
    """The elements of a model by their names in FHIR JSON (`_birthDate` for what extends a primitive)."""
    found = {}
    for name, field in model.model_fields.items():
        alias = field.alias or name
        known = field.json_schema_extra or {}
        if name == "fhir_comments" or alias.endswith(_DATA_TYPES_SINCE_R4B):
            continue
        required = field.is_required() or bool(known.get("element_required"))
        found[alias] = _element(model.__name__, alias, field.annotation, known, required=required)
    return found


def _element(model: str, name: str, annotation: Any, known: Mapping[str, Any], *, required: bool) -> Element:
    many, leaf = _leaf(annotation)
    complex_ = hasattr(leaf, "get_model_klass")
    targets = frozenset(known.get("enum_reference_types", ()))
    type_ = type(leaf.__metadata__[0]).__name__ if hasattr(leaf, "__metadata__") else ""
    return Element(
        many=many,
        kinds=(dict,) if complex_ else _json_kinds(leaf),
        child=leaf if complex_ else None,
        codes=_codes(model, name, known),
        targets=targets if targets and "Resource" not in targets else None,
        primitive=not complex_ or name.startswith("_"),
        form=_FORMS.get(type_),
        type=type_,
        required=required,
        choice=known.get("one_of_many", ""),
        choice_required=bool(known.get("one_of_many_required")),
    )


def _codes(model: str, name: str, known: Mapping[str, Any]) -> frozenset[str] | None:
    place = (model, name)
    if place in _REQUIRED_CODES:
        return _REQUIRED_CODES[place]
    listed = known.get("enum_values")
    return frozenset(listed) if listed and "+" not in listed and place not in _NOT_REQUIRED_CODES else None


def _leaf(annotation: Any) -> tuple[bool, Any]:
    """Whether the element repeats, and the type of one: the first that is no None, list or union."""
    many = False
    while typing.get_args(annotation) and typing.get_origin(annotation) is not typing.Annotated:
        many = many or typing.get_origin(annotation) is list
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    return many, annotation


def _json_kinds(leaf: Any) -> tuple[type, ...]:
    base = typing.get_args(leaf)[0] if typing.get_origin(leaf) is typing.Annotated else leaf
    return {bool: (bool,), int: (int,), Decimal: (int, Decimal)}.get(base, (str,))
