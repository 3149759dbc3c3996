"""Which words state the need: a small first corpus, in both written languages."""

import pytest

from adapter.domain.detection import Phrases, detect
from adapter.mapping.tables import load
from adapter.settings import carried

STATES = [
    "Melding om behov for individuell plan og koordinator.",
    "Pasienten har behov for individuell plan.",
    "Pasienten treng individuell plan og koordinator etter utskriving.",
    "Vi ber om individuell plan for pasienten.",
    "Familien søker om barnekoordinator.",
    "Pasienten ønsker koordinator.",
    "Det er snakka med koordinator ved sjukehuset. Pasienten har behov for individuell plan.",
]
NOT_CONCERNED = [
    "Timen på poliklinikken er flyttet til tirsdag.",
    "Pasienten har behov for sykepleie i hjemmet.",
    "Koordinerende enhet er orientert om utskrivningen.",
    "IP er gitt muntlig.",
]
UNCERTAIN = [
    "Pasienten har ikke behov for individuell plan.",
    "Pasienten har hatt individuell plan.",
    "Har pasienten behov for individuell plan?",
    "Individuell plan ble nevnt i samtalen.",
    "Pasienten ønskjer ikkje koordinator.",
    "Pasienten har allerede en individuell plan og trenger ny koordinator.",
    "Behov for individuell plan vurderes. Pasienten har behov for koordinator.",
]


@pytest.fixture(scope="module")
def phrases() -> Phrases:
    return load(carried("mappings"), "https://ip-adapter.example/fhir").phrases


@pytest.mark.parametrize(
    ("text", "outcome"),
    [(t, "states") for t in STATES]
    + [(t, "not-concerned") for t in NOT_CONCERNED]
    + [(t, "uncertain") for t in UNCERTAIN],
)
def test_a_text_is_taken_for_what_it_says(phrases: Phrases, text: str, outcome: str) -> None:
    """A clear need is a need, what is not about it is not, and the rest goes to a person."""
    assert detect(phrases, [("here", text)]).outcome == outcome


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Pasienten har samtykket til at kommunen kontaktes.", "obtained"),
        ("Pasienten samtykkjer til melding.", "obtained"),
        ("Samtykke er innhentet.", "obtained"),
        ("Pasienten har ikke samtykket.", "refused"),
        ("Pasienten samtykker ikke til at kommunen får vite noe.", "refused"),
        ("Pasienten er ikkje spurd.", "not-asked"),
        ("Samtykke er ikke innhentet.", "not-asked"),
        ("Pasienten er orientert.", None),
        ("Det er uklart om pasienten har samtykket.", "unclear"),
        ("Samtykke er uavklart.", "unclear"),
        ("Har pasienten samtykket til melding?", "unclear"),
    ],
)
def test_consent_in_words(phrases: Phrases, text: str, status: str | None) -> None:
    """A negation beside consent is never read as consent."""
    assert detect(phrases, [("here", text)]).facts.get("consent.status") == status


def test_the_place_that_decided_is_named(phrases: Phrases) -> None:
    """Of two texts the one that speaks against the need decides, and is named."""
    found = detect(
        phrases, [("topic", "Behov for individuell plan"), ("body", "Ønsker ikke individuell plan.")]
    )
    assert (found.outcome, found.where) == ("uncertain", "body")
