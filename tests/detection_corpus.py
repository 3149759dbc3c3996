"""The labelled texts of tests/corpus, at the places that they stand at in messages."""

from dataclasses import dataclass
from pathlib import Path

from adapter.domain.detection import Detected, Phrases, detect
from adapter.mapping import yaml_text
from adapter.mapping.tables import load
from adapter.settings import carried

CORPUS = Path(__file__).parent / "corpus"
PHRASES: Phrases = load(carried("mappings"), "https://ip-adapter.example/fhir").phrases

_CONTENT = "MsgHead.Document[0].RefDoc[0].Content[0]."
_PLO = f"{_CONTENT}HelseopplysningerVedSoknad[0]."
_DIALOG = f"{_CONTENT}Dialogmelding[0]."
PLACES = {
    "tjeneste": f"{_PLO}TjenesteBehov[0].BetegnelseTjeneste",
    "beskrivelse": f"{_PLO}TjenesteBehov[0].BeskrivelseAvTjeneste",
    "soknad": f"{_PLO}OpplysningerTilSoknad[0].Merknad",
    "journal": f"{_PLO}MedisinskfagligeOpplysninger[0].GenereltJournalnotat[0].Journaltekst[0].Notat",
    "tiltak": f"{_PLO}Sykepleierdokumentasjon[0].AnbefaltVidereTiltak[0].Tiltaksbeskrivelse",
    "kontakt": f"{_PLO}KontaktpersonHelsepersonell[0].Merknad",
    "annet": f"{_PLO}Sykepleierdokumentasjon[0].InfoVurderinger[0].Beskrivelse",
    "notat": f"{_DIALOG}Notat[0].TekstNotatInnhold",
    "emne": f"{_DIALOG}Foresporsel[0].EmneSporsmal",
    "sporsmal": f"{_DIALOG}Foresporsel[0].Sporsmal",
    "vedlegg": "MsgHead.Document[1].RefDoc[0].Content[0]",
}


@dataclass(frozen=True)
class Labelled:
    """A text, or several at their places, and what it is; `consent` and `kind` where these are labelled, too."""

    id: str
    label: str
    why: str
    texts: tuple[tuple[str, str], ...]
    decides: str
    consent: str = ""
    kind: str = ""

    def detected(self) -> Detected:
        return detect(PHRASES, self.texts, {PLACES["vedlegg"]})


def labelled(half: str) -> list[Labelled]:
    """The texts of one half, `learnt` or `held-out`, in the order of their files."""
    files = sorted((CORPUS / half).glob("*.yaml"))
    return [_labelled(entry) for file in files for entry in yaml_text.read(file.read_text(encoding="utf-8"))]


def _labelled(entry: dict[str, str]) -> Labelled:
    texts = tuple((PLACES[name], text) for name, text in entry.items() if name in PLACES)
    if len(texts) + 3 + len(entry.keys() & {"decides", "consent", "kind"}) != len(entry):
        raise ValueError(f"{entry['id']}: what stands where?")
    decides = PLACES[entry["decides"]] if len(texts) > 1 else texts[0][0]
    return Labelled(
        entry["id"],
        entry["is"],
        entry["why"],
        texts,
        decides,
        entry.get("consent", ""),
        entry.get("kind", ""),
    )
