"""The reference message: a need of about 7 kB as a hospital writes it, in XML and in FHIR, each time under fresh ids.

Deterministic: the same number gives the same bytes. The people are synthetic (month + 80, as Skatteetaten's test
persons), the text is made up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from tests.bench.run import ROOT

HOSPITAL, MUNICIPALITY = "999900011", "999900022"
_SAID = "rehabilitering etter hjerneslag, logoped, hjelpemidler."
_PERSON, _BORN = "21905297101", "1952-10-21"
_NEED = "a0000000-0000-4000-8000-000000000001"
_FRESH = (_NEED, "b0000000-0000-4000-8000-000000000001", "c1000000-0000-4000-8000-000000000001")
_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_FIRST_DAY = date(1940, 1, 1)

_TEXT = """
Pasienten ble innlagt etter akutt hjerneinfarkt i venstre hemisfære og ble behandlet med trombolyse. Forløpet har vært
stabilt. Det foreligger kraftsvikt i høyre arm og bein, ekspressiv afasi og nedsatt utholdenhet. Svelgfunksjonen er
undersøkt av logoped; kosten er konsistenstilpasset og skal vurderes på nytt om fire uker.
Forflytning: går innendørs med rullator og tilsyn av én person. Trapp er ikke utprøvd. Fallrisiko er kartlagt.
Personlig stell: trenger praktisk hjelp morgen og kveld, og veiledning i bruk av én hånd. Ergoterapeut har prøvd ut
grepstang, dusjstol og forhøyet toalettsete; hjelpemidlene er bestilt fra hjelpemiddelsentralen.
Kommunikasjon: forstår enkle beskjeder, leter etter ordene. Bruker tavle med bilder. Pårørende er opplært.
Kognisjon: nedsatt oppmerksomhet mot høyre side, trenger struktur og hvile mellom aktivitetene.
Bolig: bor i andre etasje uten heis sammen med ektefelle. Boligen bør vurderes av kommunens ergoterapeut.
Legemidler: blodfortynnende behandling er startet, blodtrykket er regulert, dosett anbefales.
Oppfølging i sykehuset: poliklinisk kontroll hos nevrolog om tre måneder, time hos slagsykepleier om fire uker.
Forventede kommunale tjenester over lang tid: fysioterapi, ergoterapi, logoped, hjemmesykepleie, avlastning for
pårørende, tilrettelegging av bolig, dagtilbud og transport. Flere tjenester må virke sammen, og pasienten ønsker én
person å forholde seg til. Målet er å bo hjemme, gå til butikken og kunne samtale med barnebarna.
"""


@dataclass(frozen=True, slots=True)
class Need:
    """A need of its own synthetic person, under its own ids: the same words about one person are one need."""

    number: int

    def xml(self) -> bytes:
        return _filled(_xml(), self)

    def fhir(self) -> bytes:
        return _filled(_fhir(), self)


def needs(start: int, count: int) -> Iterator[Need]:
    return (Need(number) for number in range(start, start + count))


@cache
def _xml() -> str:
    return _grown((ROOT / "fixtures/notify/xml-need-is-routed/in.xml").read_text(encoding="utf-8"), 4_000)


@cache
def _fhir() -> str:
    """The twin: as it stands on the line, one message, its text as long as that of the XML."""
    return _grown((ROOT / "fixtures/notify/fhir-need-is-routed/in.json").read_text(encoding="utf-8"), 4_000)


def _grown(message: str, letters: int) -> str:
    """The need's own words first, then the letter of the ward, once more from its beginning until it is long enough."""
    text = " ".join((_TEXT * 3).split())
    return message.replace(_SAID, f"{_SAID} {text[:letters].rsplit('. ', 1)[0]}.")


def _filled(model: str, need: Need) -> bytes:
    for old in _FRESH:
        model = model.replace(old, f"{old[:24]}{need.number:012d}")
    born, number = _person(need.number)
    return model.replace(_PERSON, number).replace(_BORN, born).encode()


def _person(number: int) -> tuple[str, str]:
    """Date of birth and a synthetic number of a man born that day, with right check digits."""
    day = _FIRST_DAY + timedelta(days=number % 14_000)
    for individual in range(1 + 2 * (number // 14_000 % 200), 500, 2):
        digits = f"{day:%d}{day.month + 80:02d}{day:%y}{individual:03d}"
        for weights in _WEIGHTS:
            digits += str(-sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11)
        if len(digits) == 11:  # a check digit of 10 makes no number
            return day.isoformat(), digits
    raise ValueError("no number left for that day")
