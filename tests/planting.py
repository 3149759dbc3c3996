"""Words planted in a plan and its team, in every kind of element that may be labelled, under a category that the person
denies to all others. What is planted is made here, element by element, and knows nothing of how labels are read."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapter.domain.message import Answer, Caller
from adapter.flows import consent
from adapter.flows.parts import Parts
from adapter.replay import stage

BASE = "https://ip-adapter.example/fhir"
CATEGORY = "child-welfare-and-care"
_LABEL = {
    "url": f"{BASE}/StructureDefinition/information-category",
    "valueCoding": {"system": f"{BASE}/CodeSystem/information-category", "code": CATEGORY},
}
_ENH = "urn:oid:2.16.578.1.12.4.1.4.101"
_CONSENT = "nei-til-en-del"
_REFUSED = 400
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Tree = dict[str, Any]
Put = Callable[[Caller, str, str | None, bytes, Parts], Answer]


def words_in(text: str) -> set[str]:
    """The planted words that a text holds."""
    return {word for letter in _LETTERS if (word := f"Plantet{letter}") in text}


@dataclass
class Planting:
    """What is put of plans and teams, with or without (`plants` false) the planted elements.

    Before the first of them in a case its owner records the denial, so that both have it; `denied` are these cases.
    Another than the owner puts what it sees of a team, or all of it as it stands but for its own row, as folders do.
    """

    plants: bool
    puts: dict[str, Put]
    denied: set[str] = field(default_factory=set)

    def __call__(
        self, type_: str, caller: Caller, id_: str, if_match: str | None, raw: bytes, parts: Parts
    ) -> Answer:
        case, put = self._case(type_, id_, parts), self.puts[type_]
        if not (case and self._denied(case, parts) and self.plants):
            return put(caller, id_, if_match, raw, parts)
        seen = _as_seen(json.loads(raw))
        planted = _planted_plan(seen) if type_ == "CarePlan" else _planted_team(seen)
        bodies = [planted] if caller.organisation == case.owner else [seen, planted]
        answers = (put(caller, id_, if_match, json.dumps(body).encode(), parts) for body in bodies)
        answer = next(answers)
        return answer if answer.status < _REFUSED else next(answers, answer)

    def _case(self, type_: str, id_: str, parts: Parts) -> Any:
        with parts.store.transaction() as tx:
            glance = tx.glance(type_, id_)
        return glance[1] if glance and glance[1].owner else None

    def _denied(self, case: Any, parts: Parts) -> bool:
        if case.id not in self.denied:
            with parts.store.transaction() as tx:
                patient = next(v for v in tx.of_case(case.id) if v.type == "Patient")
            denial = _denial(patient.reference, case.owner) | {"id": f"{_CONSENT}-{case.id}"}
            raw = json.dumps(denial).encode()
            answer = consent.put_consent(Caller(case.owner, frozenset()), denial["id"], None, raw, parts)
            if answer.status == 201:
                self.denied.add(case.id)
        return case.id in self.denied


@contextmanager
def planting(monkeypatch: pytest.MonkeyPatch, *, plants: bool) -> Iterator[Planting]:
    """Steps of case folders put what is planted."""
    with monkeypatch.context() as patch:
        made = Planting(plants, dict(stage._PUTS))
        for type_ in ("CarePlan", "CareTeam"):
            patch.setitem(stage._PUTS, type_, _put_of(made, type_))
        yield made


def _put_of(made: Planting, type_: str) -> Put:
    return lambda caller, id_, if_match, raw, parts: made(type_, caller, id_, if_match, raw, parts)


def _denial(patient: str, owner: str) -> Tree:
    of_kind = [{"system": f"{BASE}/CodeSystem/consent-kind", "code": "OBJECTION"}]
    code = {"system": f"{BASE}/CodeSystem/information-category", "code": CATEGORY}
    case = {"resourceType": "Consent", "status": "active", "patient": {"reference": patient}}
    scope = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
    return case | {
        "scope": {"coding": [scope]},
        "category": [{"coding": of_kind}],
        "dateTime": "2026-03-01",
        "organization": [{"type": "Organization", "identifier": {"system": _ENH, "value": owner}}],
        "policy": [{"uri": "https://lovdata.no/lov/1999-07-02-64/%C2%A729"}],
        "provision": {"type": "deny", "code": [{"coding": [code]}]},
    }


def _labelled(**elements: Any) -> Tree:
    return {"extension": [_LABEL, *elements.pop("extension", ())], **elements}


def _person(id_: str, word: str) -> Tree:
    named = {"resourceType": "Practitioner", "id": id_, "name": [{"family": word, "given": ["Kari"]}]}
    number = {"system": "phone", "value": "900 00 017"}
    return named | _labelled(telecom=[number], qualification=[{"code": {"text": word}}])


def _as_seen(body: Tree) -> Tree:
    """What is put without the planted elements, as who has read none of them puts it: steps change what is kept."""
    seen = {
        name: [item for item in value if not _is_planted(item)] if isinstance(value, list) else value
        for name, value in body.items()
    }
    return {name: value for name, value in seen.items() if value != []}


def _is_planted(item: Any) -> bool:
    text = json.dumps(item).lower()
    return "plantet" in text or CATEGORY in text


def _planted_plan(plan: Tree) -> Tree:
    legal = {"system": f"{BASE}/CodeSystem/legal-status", "code": "granted"}
    granted = {"url": f"{BASE}/StructureDefinition/legal-status", "valueCoding": legal}
    does = {"type": "Organization", "identifier": {"system": _ENH, "value": "999900022"}}
    goal = {"resourceType": "Goal", "id": "plantet-maal", "lifecycleStatus": "active"}
    need = {"url": "text", "valueString": "PlantetF"}
    detail = {
        "status": "in-progress",
        "description": "PlantetG",
        "performer": [does],
        "scheduledString": "Nå",
    }
    there = {
        "contained": [
            _person("plantet-lege", "PlantetA"),
            goal | _labelled(description={"text": "PlantetB"}, subject=plan["subject"]),
        ],
        "goal": [_labelled(display="PlantetC"), {"reference": "#plantet-maal"}],
        "note": [_labelled(text="PlantetD", authorString="PlantetE")],
        "extension": [
            {"url": f"{BASE}/StructureDefinition/plan-need", "extension": [_LABEL, need]},
        ],
        "activity": [_labelled(extension=[granted], detail=detail, progress=[{"text": "PlantetH"}])],
        "addresses": [_labelled(display="PlantetI")],
        "contributor": [{"reference": "#plantet-lege"}, _labelled(type="Practitioner", display="PlantetJ")],
        "category": [_labelled(text="PlantetK")],
        "supportingInfo": [_labelled(type="Practitioner", display="PlantetM")],
    }
    return {**plan, **{name: [*new, *plan.get(name, ())] for name, new in there.items()}}


def _planted_team(team: Tree) -> Tree:
    leads = {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.9034", "code": "8"}]}
    named = {"type": "Practitioner", "display": "PlantetN"}
    there = {
        "contained": [_person("plantet-koordinator", "PlantetO")],
        "participant": [
            _labelled(role=[leads], member=named),
            {"role": [leads], "member": {"reference": "#plantet-koordinator"}},
            _labelled(role=[{"text": "PlantetP"}], member={"type": "Practitioner", "display": "PlantetQ"}),
        ],
        "note": [_labelled(text="PlantetR")],
        "telecom": [_labelled(system="phone", value="900 00 018", use="work")],
        "category": [_labelled(text="PlantetS")],
    }
    return {**team, **{name: [*new, *team.get(name, ())] for name, new in there.items()}}
