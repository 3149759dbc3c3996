"""What is said about a case that is known: stays and deaths, notes in both directions, and a need by telephone."""

import json
import re
from datetime import datetime, timedelta
from functools import cache

from adapter.wire.form import open_form
from tests.day.letters import FIXTURES, OSLO, Letter, Organisation, fhir, named

STAYS = {
    "admitted": "talk/stay-is-told-to-the-unit/admitted.xml",
    "ready": "talk/stay-is-told-to-the-unit/ready.xml",
    "discharged": "talk/stay-is-told-to-the-unit/discharged.xml",
    "died": "life/death-is-taken-back/died.xml",
    "not-died": "life/death-is-taken-back/not-died.xml",
}
BY_HOSPITAL = {"note": "talk/note-before-the-unit/note.xml", "reply": "talk/question-is-answered/answer.xml"}
BY_UNIT = {
    "question": "talk/question-is-answered/question.xml",
    "word": "talk/wrong-addressee-by-message/answer.xml",
}


@cache
def _text(name: str) -> str:
    return (FIXTURES / name).read_text("utf-8")


def xml(
    file: str, letter: Letter, unit: Organisation, id_: str, at: datetime, answers: str = ""
) -> tuple[str, bytes]:
    """A message of a case folder between the hospital and a unit, and its id. `answers` is the message that it is an
    answer to; the conversation is that of the need."""
    number, born = letter.person
    written = at.astimezone(OSLO).strftime("%Y-%m-%dT%H:%M:%S")
    text = _text(file)
    for pattern, value in (
        (r"(?<=<MsgId>)[^<]*", id_),
        (r"(?<=<RefToParent>)[^<]*", answers or letter.need),
        (r"(?<=<RefToConversation>)[^<]*", letter.need),
        (r"(?<=<GenDate>)[^<]*", written),
        (r'(?<=IssueDate V=")[^"]*', written),
        (r'(?<=TidspunktForHendelse V=")[^"]*', written),
        ("21905297101", number),
        ("1952-10-21", born.isoformat()),
    ):
        text = re.sub(pattern, value, text)
    for kind, who in (("1", letter.sender), ("2", unit)):
        number = "999900011" if kind == "1" else "999900022"
        for before, after in (
            (f"890000{kind}", who.her),
            (number, who.number),
            (f"89000{kind}{kind}", who.unit),
        ):
            text = text.replace(f"<Id>{before}</Id>", f"<Id>{after}</Id>")
    return id_, text.encode()


def deceased(letter: Letter, dead: bool, number: int, at: datetime) -> tuple[str, bytes]:
    """A correction in FHIR that says whether the person has died; with its id."""
    message = json.loads(fhir(letter, "need-corrected", at))
    header = message["entry"][0]["resource"]
    id_ = named("deceased", letter.need, dead, number)
    message["id"], header["id"] = named("envelope", id_), id_
    message["entry"][0]["fullUrl"] = f"urn:uuid:{id_}"
    patient = next(e["resource"] for e in message["entry"] if e["resource"]["resourceType"] == "Patient")
    patient["deceasedBoolean"] = dead
    return id_, json.dumps(message, ensure_ascii=False).encode()


def call(letter: Letter, at: datetime) -> tuple[str, str, bytes]:
    """A form of a need that was rung in: the id it is received under, the id of its need, and its bytes."""
    text, local = _text("phone/need-is-reported-by-telephone/form.yaml"), at.astimezone(OSLO)
    number, born = letter.person
    for before, after in (
        ('"999900011"', f'"{letter.sender.number}"'),
        ('"8900022"', f'"{letter.receiver.unit}"'),
        ("21905297101", number),
        ("1952-10-21", born.isoformat()),
        ("2026-03-10T09:40", f"{local - timedelta(minutes=20):%Y-%m-%dT%H:%M}"),
        ("2026-03-10T09:55", f"{local - timedelta(minutes=5):%Y-%m-%dT%H:%M}"),
        ("2026-03-09", f"{local - timedelta(days=1):%Y-%m-%d}"),
    ):
        text = text.replace(before, after)
    raw = text.encode()
    envelope, _ = open_form(raw)
    return envelope.message_id, str(envelope.conversation), raw
