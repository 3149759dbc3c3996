"""The scenes of the story. Each lets somebody act, and then looks whether what is claimed is so."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.demo.partner import DoesNotHold, Done, until
from adapter.demo.stage import HOSPITAL, Stage
from adapter.domain.delivery import Delivery
from adapter.wire import apprec


@dataclass(slots=True)
class Memory:
    """What later scenes need to know of earlier ones."""

    case: str = ""
    apprec: str = ""
    plan: Done = field(default_factory=lambda: Done(0, "", "", ""))
    plans_sent: int = 0


Scene = Callable[[Stage, Memory], str]
"""Plays one scene and says in a line what was seen. Raises DoesNotHold."""


def notification(stage: Stage, memory: Memory) -> str:
    done = stage.hospital.act("send", file="notification.xml")
    _require(done.status == 200, f"the adapter answered {done.status}")
    said = apprec.read(done.body.encode())
    _require(said.status == "1", f"the AppRec says {said.status}, not 1 (OK)")
    memory.apprec = done.body
    return "AppRec 1.1: OK"


def need_arrives(stage: Stage, memory: Memory) -> str:
    resources = stage.municipality.received("need-notified", "Task")
    task = next(r for r in resources if r["resourceType"] == "Task")
    memory.case = task["identifier"][0]["value"].removeprefix("urn:uuid:")
    return f"{len(resources)} FHIR resources, case {memory.case}"


def same_notification(stage: Stage, memory: Memory) -> str:
    before = _deliveries(stage, memory)
    done = stage.hospital.act("send", file="notification.xml")
    _require(done.body == memory.apprec, "the answer to the repeat differs")
    _require(len(_deliveries(stage, memory)) == len(before), "the repeat led to another delivery")
    _require(len(stage.store.messages_of(memory.case)) == 1, "the repeat was kept as another message")
    return "the same AppRec, word for word; one case, one delivery"


def step(do: str) -> Scene:
    """The municipality takes a step, and the hospital hears of it."""

    def scene(stage: Stage, _: Memory) -> str:
        done = _changed(stage, do)
        stage.hospital.received("case-updated", "Task", done.version)
        return f"Task version {done.version} has reached the hospital"

    return scene


def consent(do: str) -> Scene:
    """The municipality records what the person has said yes to."""

    def scene(stage: Stage, _: Memory) -> str:
        done = stage.municipality.act(do)
        _require(done.status == 201, f"the adapter answered {done.status}")
        _require(json.loads(done.body)["status"] == "active", "the consent is not active")
        return "recorded, active"

    return scene


def team(stage: Stage, _: Memory) -> str:
    done = _changed(stage, "team")
    stage.hospital.received("plan-updated", "CareTeam", done.version)
    return f"CareTeam version {done.version} has reached the hospital"


def plan(do: str) -> Scene:
    """The municipality changes the plan, and the hospital gets it."""

    def scene(stage: Stage, memory: Memory) -> str:
        memory.plan = _changed(stage, do)
        resources = stage.hospital.received("plan-updated", "CarePlan", memory.plan.version)
        active = any(r["resourceType"] == "CarePlan" and r["status"] == "active" for r in resources)
        _require(active, "the plan that arrived is not in force")
        memory.plans_sent = len(stage.hospital.journal("plan-updated"))
        return f"CarePlan version {memory.plan.version} has reached the hospital"

    return scene


def same_update(stage: Stage, memory: Memory) -> str:
    before = _deliveries(stage, memory)
    again = _changed(stage, "update-plan")
    _require(again == memory.plan, "the repeat made another version")
    _require(len(_deliveries(stage, memory)) == len(before), "the repeat led to another delivery")
    return f"still version {again.version}, nothing is sent"


def withdrawal(stage: Stage, memory: Memory) -> str:
    done = _changed(stage, "withdraw-sharing")
    _require(json.loads(done.body)["status"] == "inactive", "the consent is still active")
    stage.hospital.received("consent-changed", "Consent", done.version)
    # Deliveries to one recipient about one case go in order: whatever was sent before has arrived by now.
    _require_no_more_plans(stage, memory)
    return "inactive; the hospital is told that its access has changed"


def update_without_consent(stage: Stage, memory: Memory) -> str:
    done = _changed(stage, "revise-plan")

    def look() -> Delivery | None:
        return next((d for d in _deliveries(stage, memory) if _is_over(d, done)), None)

    stopped = until(look, stage.patience, "the delivery of the plan to the hospital is not over")
    _require(stopped.state == "stopped-by-consent", f"the delivery is {stopped.state}")
    _require_no_more_plans(stage, memory)
    return (
        f"CarePlan version {done.version}: {stopped.state}, because {stopped.because}; tries: {stopped.tries}"
    )


def asking_for_it(stage: Stage, memory: Memory) -> str:
    done = stage.hospital.act("read", resource=memory.plan.reference)
    _require(done.status == 403, f"the adapter answered {done.status}, not 403")
    return "403: reading needs the same consent"


def nothing_twice(stage: Stage, _: Memory) -> str:
    journals = [(p.name, p.journal()) for p in (stage.hospital, stage.municipality)]
    for name, journal in journals:
        _require(not any(entry["repeated"] for entry in journal), f"the {name} got a message twice")
    return ", ".join(f"{name}: {len(journal)} messages, each once" for name, journal in journals)


STORY: tuple[tuple[str, Scene], ...] = (
    ("the hospital reports a need (XML), and gets its receipt", notification),
    ("the need reaches the municipality as FHIR", need_arrives),
    ("the hospital sends the same notification again", same_notification),
    ("the municipality has received it", step("receive")),
    ("somebody there has opened it", step("open")),
    ("the coordinating unit accepts the case", step("accept")),
    ("a person decides: a plan and a coordinator", step("decide")),
    ("a person appoints the coordinator", step("appoint")),
    ("consent to the plan", consent("consent-plan")),
    ("consent to sharing it with the hospital", consent("consent-sharing")),
    ("the team is in place", team),
    ("the plan is in force, and reaches the hospital", plan("plan")),
    ("the plan is updated, and reaches the hospital", plan("update-plan")),
    ("the municipality sends the same update again", same_update),
    ("the person withdraws the consent to sharing", withdrawal),
    ("the plan is updated once more: nothing reaches the hospital", update_without_consent),
    ("the hospital asks for the plan itself", asking_for_it),
    ("nobody got anything twice", nothing_twice),
)
"""The story: what is claimed, and the scene that shows it."""


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DoesNotHold(otherwise)


def _changed(stage: Stage, do: str) -> Done:
    done = stage.municipality.act(do)
    _require(done.status == 200, f"the adapter answered {done.status} to {do}")
    return done


def _deliveries(stage: Stage, memory: Memory) -> list[Delivery]:
    return list(stage.store.deliveries_of(memory.case))


def _is_over(delivery: Delivery, update: Done) -> bool:
    out = delivery.outgoing
    about = str(out.focus) == f"{update.reference}/{update.version}"
    return about and out.recipient == HOSPITAL and delivery.place == "done"


def _require_no_more_plans(stage: Stage, memory: Memory) -> None:
    sent = len(stage.hospital.journal("plan-updated"))
    _require(sent == memory.plans_sent, "the hospital got a plan it was not to have")
