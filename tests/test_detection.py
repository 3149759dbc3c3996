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


NEED = "Det er behov for individuell plan."
OBTAINED = [
    "Pasienten har samtykket til at kommunen kontaktes.",
    "Pasienten har samtykka til at heimkommunen vert varsla.",
    "Pasienten har gitt sitt samtykke til melding om behov for individuell plan.",
    "Pasienten har gjeve munnleg samtykke.",
    "Samtykke til melding er innhenta frå pasienten.",
    "Skriftlig samtykke foreligger.",
    "Skriftleg samtykke ligg føre.",
    "Samtykke: ja.",
    "Pasienten samtykker.",
    "Pasienten har gitt muntlig samtykke 10.03.2026.",
    "Vi har innhentet samtykke fra pasienten til kontakt med kommunen.",
    "Pasienten har samtykket til individuell plan og koordinator.",
    "Brukaren samtykkjer til oppnemning av koordinator.",
    "Pasienten (17) har samtykket til at koordinerende enhet kontaktes og til oppnevning av koordinator.",
    "Pasienten er informert og har samtykket til at vi kontakter hjemkommunen.",
    "Samtykke er gitt. Pasienten kan ikke gå i trapper og vil ikke kunne bo alene.",
]
REFUSED = [
    "Hun har sagt nei.",
    "Ho har sagt nei.",
    "Pasienten har samtykket til at kommunen kontaktes, men trakk samtykket i dag.",
    "Samtykke er trukket.",
    "Samtykket er trekt attende.",
    "Samtykke: nei.",
    "Pasienten nekter å samtykke.",
    "Pasienten motset seg at kommunen får melding.",
    "Samtykke er innhentet. Pasienten har trukket samtykket.",
]
UNCLEAR = [
    "Pasienten ønsker det ikke.",
    "Pasienten ønskjer det ikkje.",
    "Pasienten har samtykket til deltakelse i forskningsstudie.",
    "Pasienten har samtykka til operasjon.",
    "Pasienten har samtykket til at skolen kontaktes, men ikke kommunen.",
    "Pasienten har samtykket til at kommunen ikke kontaktes.",
    "Pasienten har samtykket til at kommunen informerer skolen.",
    "Pasienten har samtykket. Det gjelder bare operasjonen.",
    "Pasienten har samtykket. Samtykket gjelder forskning.",
    "Pasienten har samtykket\ntil operasjon.",
    "Samtykke er innhentet. Ho vil ikkje at kommunen får vite det.",
    "Samtykke er gitt. Pasienten er ikke orientert om dette.",
    "Samtykke er gitt. Kommunen skal ik\u00adke kontaktes.",
    "Foreldrene har samtykket til at kommunen kontaktes.",
    "Far er til stede. Han har samtykket.",
    "Pasienten har tidligere samtykket.",
    "Dersom pasienten samtykker, kan kommunen kontaktes.",
    "Pasienten har ikke trukket samtykket.",
    "Samtykke er innhentet. Mor er imot.",
    "Far har samtykket. Pasienten (17) er imot.",
    "Samtykke er innhentet. Pasienten har ombestemt seg.",
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
        ("Pasienten har samtykket til at kommunen får denne meldingen.", "obtained"),
        ("Pasienten har samtykket til at kommunen kontaktes.", "obtained"),
        ("Pasienten samtykkjer til melding.", "obtained"),
        ("Samtykke er innhentet.", "unclear"),
        ("Pasienten ønsker ikke at kommunen kontaktes.", "refused"),
        ("Pasienten har trukket samtykket til at kommunen kontaktes.", "refused"),
        ("Pasienten samtykker ikke til forskning.", "unclear"),
        ("Pasienten ble ikke spurt om allergier.", "unclear"),
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


@pytest.mark.parametrize(
    ("text", "status"),
    [(t, "obtained") for t in OBTAINED]
    + [(t, "refused") for t in REFUSED]
    + [(t, "unclear") for t in UNCLEAR],
)
def test_only_a_whole_plain_sentence_is_a_consent(phrases: Phrases, text: str, status: str) -> None:
    """To the municipality, by the person, taken back nowhere: anything else is no consent."""
    assert detect(phrases, [("here", f"{NEED} {text}")]).facts["consent.status"] == status


@pytest.mark.parametrize(
    "text", ["Pasienten ønsker det ikke.", "Hun har sagt nei.", "Behovet er ikkje aktuelt."]
)
def test_what_takes_a_need_back_needs_no_topic(phrases: Phrases, text: str) -> None:
    """The sentence after the need, or another text, may say the opposite."""
    assert detect(phrases, [("here", f"{NEED} {text}")]).outcome == "uncertain"
    assert detect(phrases, [("here", NEED), ("there", text)]).where == "there"


def test_the_place_that_decided_is_named(phrases: Phrases) -> None:
    """Of two texts the one that speaks against the need decides, and is named."""
    found = detect(
        phrases, [("topic", "Behov for individuell plan"), ("body", "Ønsker ikke individuell plan.")]
    )
    assert (found.outcome, found.where) == ("uncertain", "body")


def test_the_most_trusted_place_is_named(phrases: Phrases) -> None:
    """Whatever the order in the message: a service before an application, a note before an attachment."""
    content = "MsgHead.Document[0].RefDoc[0].Content[0].HelseopplysningerVedSoknad[0]"
    by_trust = [
        f"{content}.TjenesteBehov[0].BeskrivelseAvTjeneste",
        f"{content}.OpplysningerTilSoknad[0].Merknad",
        f"{content}.MedisinskfagligeOpplysninger[0].GenereltJournalnotat[0].Journaltekst[0].Notat",
        f"{content}.Sykepleierdokumentasjon[0].AnbefaltVidereTiltak[0].Tiltaksbeskrivelse",
        f"{content}.KontaktpersonHelsepersonell[0].Merknad",
        f"{content}.InfoAndreViktigeOpplysninger[0].Merknad",
        "MsgHead.Document[1].RefDoc[0].Content[0]",
    ]
    for most, place in enumerate(by_trust):
        assert detect(phrases, [(at, NEED) for at in reversed(by_trust[most:])]).where == place


def test_a_service_by_its_name_is_asked_for(phrases: Phrases) -> None:
    """Only where services are named, and where nothing beside the name leaves it open."""
    service = "MsgHead.HelseopplysningerVedSoknad[0].TjenesteBehov[0]"
    name = (f"{service}.BetegnelseTjeneste", "Individuell plan og koordinator")
    assert detect(phrases, [name]).outcome == "states"
    assert detect(phrases, [(f"{service}.BeskrivelseAvTjeneste", name[1])]).outcome == "uncertain"
    assert (
        detect(phrases, [name, (f"{service}.BeskrivelseAvTjeneste", "Må avklares.")]).outcome == "uncertain"
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Behov for IP og koordinator.", "plan-and-coordinator"),
        ("Behov for indviduell plan.", "plan-and-coordinator"),
        ("Behov for ind. plan og koord.", "plan-and-coordinator"),
        ("Behov for kordinator.", "coordinator-only"),
        ("Behov for barne-koordinator.", "child-coordinator"),
        ("Koordinerende enhet varsles. Behov for IP.", "plan-and-coordinator"),
    ],
)
def test_what_is_needed_is_told_in_every_spelling(phrases: Phrases, text: str, kind: str) -> None:
    found = detect(phrases, [("here", text)])
    assert (found.outcome, found.facts["need.kind"]) == ("states", kind)
