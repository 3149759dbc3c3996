"""The tables of letters and the partner table are refused at start where they cannot be right."""

import re
import shutil
from pathlib import Path

import pytest

from adapter.mapping import partners, tables
from adapter.settings import SAMPLE_BASE, carried

MAPPINGS = carried("mappings")
TABLES = tables.load(MAPPINGS, SAMPLE_BASE)
FORMS = ("dialog-1.1", "dialog-1.0", "answer")


@pytest.mark.parametrize(
    ("file", "before", "after", "why"),
    [
        ("texts/nb.yaml", "{{ task_reason }}", "{{ task_raeson }}", "task_raeson"),
        ("texts/nn.yaml", "word('outcome')", "word('utfall')", "utfall"),
        ("texts/nn.yaml", "'need-facts'", "'need-fact'", "need-fact"),
        ("texts/nb.yaml", "  cancellation:", "  cancelled:", "cancellation"),
        ("texts/nb.yaml", "{% endif %}", "{% endfi %}", "endfi"),
        ("letters.csv", "DIALOG_AVVIK 8117 1", "DIALOG_AVVIK 8117 7", "wrong-addressee"),
        ("letters.csv", "DIALOG_SVAR 9069", "DIALOG_ANSWER 9069", "DIALOG_ANSWER"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_by_name(
    tmp_path: Path, file: str, before: str, after: str, why: str
) -> None:
    folder = Path(shutil.copytree(MAPPINGS, tmp_path / "mappings"))
    text = (folder / file).read_text("utf-8")
    assert before in text
    (folder / file).write_text(text.replace(before, after), "utf-8")
    with pytest.raises(ValueError, match=f"{Path(file).name}.*{why}"):
        tables.load(folder, SAMPLE_BASE)


def test_every_step_that_somebody_is_told_has_a_letter() -> None:
    """Whatever steps.csv lets be told by a Task, a plan, a consent or a team, to either kind of partner."""
    about = {
        "case": ("case-updated", "case-status", "Task"),
        "plan": ("plan-updated", "plan", "CarePlan"),
        "consent": ("consent-changed", "consent-notice", "Consent"),
        "participation": ("case-updated", "case-status", "CareTeam"),
    }
    for rule in TABLES.steps:
        if rule.tells in ("requester", "participants", "concerned") and rule.actor != "adapter":
            event, category, focus = about[rule.lifecycle]
            if rule.event in ("dismiss", "take-out"):
                category = "question-to-sender"
            for to in ("hospital", "municipality"):
                found = TABLES.letters.rule(event, category, focus, rule.event, to)
                assert set(found.carriers) >= set(FORMS)


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_a_text_without_any_fact_says_that_they_are_missing(language: str) -> None:
    """Every name may be empty; none is left out of a text by accident, and no code shows through."""
    texts = TABLES.letters.texts[language]  # type: ignore[index]
    names = [row.fact.replace(".", "_") for row in TABLES.messages["letter"].rows]
    facts = dict.fromkeys((*names, *COMPUTED), "") | {"decided": "2026-03-10T10:05:00+01:00"}
    missing = {"nb": "ikke oppgitt", "nn": "ikkje oppgitt"}[language]
    for name in sorted(texts.names):
        body = texts.body(name, facts)
        assert missing in body or name in ("dismissed", "taken-out", "wrong-case", "late"), name
        assert not set("{}%") & set(body), name


COMPUTED = (
    *("step", "day", "outcome", "requester_name", "requester_phone", "requester_role", "decided_by_name"),
    *(
        "author_name",
        "author_phone",
        "coordinator_name",
        "coordinator_phone",
        "child_coordinator",
        "unit_had_it",
    ),
    *("note_text", "attached", "hospital_coordinator_name", "hospital_coordinator_phone"),
    *("interim_reason", "expected_on", "sent_on", "stay_name", "registered_name"),
)
ROW = """
- organisation: "999900022"
  name: TESTKOMMUNEN KOMMUNE (FIKTIV)
  kind: municipality
  served: true
"""
HOME = """
- organisation: "999900099"
  name: IP-ADAPTER (FIKTIV)
  kind: adapter
  services: {services}
  served: true
"""
WITH_SERVICE = '{"8900009": IP-ADAPTER (FIKTIV), "8900091": Formidling}'


def table(folder: Path, more: str, home: str = WITH_SERVICE) -> Path:
    path = folder / "partners.yaml"
    path.write_text("partners:" + ROW + more + HOME.format(services=home), "utf-8")
    return path


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('  services: {"8900022": Saksbehandling}\n  channel: edi', "row 1: channel edi needs an endpoint"),
        (
            '  services: {"8900022": Saksbehandling}\n  channel: edi20\n  endpoint: http://x',
            "row 1: channel edi20 has no endpoint",
        ),
        (
            '  services: {"8900002": TESTKOMMUNEN KOMMUNE (FIKTIV)}\n  channel: edi\n  endpoint: http://x',
            "row 1: channel edi needs the HER-id of a service",
        ),
        ('  services: {"8900022": Saksbehandling}\n  form: dialog-2.0', "row 1: form is one of"),
        ('  services: {"8900022": Saksbehandling}\n  language: en', "row 1: language is one of"),
        (
            '  services: {"8900022": Saksbehandling}\n  receipts: sometimes',
            "row 1: receipts is true or false",
        ),
        ('  services: {"8900022": Saksbehandling}\n  chanel: edi', "row 1: unknown keys"),
    ],
)
def test_a_partner_that_cannot_be_reached_as_it_says_is_refused(tmp_path: Path, more: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        partners.load(table(tmp_path, more), synthetic=True)


def test_who_sends_xml_needs_an_address_of_its_own(tmp_path: Path) -> None:
    reads_xml = '  services: {"8900022": Saksbehandling}\n  channel: edi20'
    with pytest.raises(ValueError, match="the adapter needs the HER-id of a service"):
        partners.load(table(tmp_path, reads_xml, '{"8900009": IP-ADAPTER (FIKTIV)}'), synthetic=True)
    known = partners.load(table(tmp_path, reads_xml), synthetic=True)
    assert known.by_organisation["999900022"].reachable
    assert known.by_organisation["999900022"].service_her_ids == ("8900022",)
