"""Pleie- og omsorgsmeldinger and Henvisning: lax where the standard is not published, strict on what is read."""

import pytest
from lxml import etree
from xml_mutations import read

from adapter.settings import carried
from adapter.wire import schema

OURS = schema.load(carried("mappings") / "schemas")
VERSIONS = {"1.5": "2009-06-30", "1.6": "2012-04-01"}
HEAD = "http://www.kith.no/xmlstds/msghead/2006-05-24"
OF_HEAD = {"MsgInfo", "Document"}

SENDING = '<po:InformasjonOmForsendelsen><po:Forsendelsesstatus V="N"/></po:InformasjonOmForsendelsen>'
KIND = '<po:TypeInnholdIMelding><po:TypeInnhold V="1" S="2.16.578.1.12.4.1.1.9140"/></po:TypeInnholdIMelding>'
SERVICE = """<po:TjenesteBehov><po:IPLOStjenestetype V="1"/><po:BetegnelseTjeneste>Plan</po:BetegnelseTjeneste>
<po:BeskrivelseAvTjeneste>Behov</po:BeskrivelseAvTjeneste></po:TjenesteBehov>"""
APPLICATION = """<po:OpplysningerTilSoknad><po:EgensoknadSendt>false</po:EgensoknadSendt>
<po:Merknad>m</po:Merknad></po:OpplysningerTilSoknad>"""
CONTACT = """<po:KontaktpersonHelsepersonell><po:Kontaktperson><fk1:RoleToPatient V="18"/></po:Kontaktperson>
<po:Merknad>m</po:Merknad></po:KontaktpersonHelsepersonell>"""
EVENT = """<MeldingInnlagtPasient><po:TidsfestetHendelse><po:Hendelsekode V="1"/>
<po:TidspunktForHendelse V="2026-03-09T16:30:00"/></po:TidsfestetHendelse></MeldingInnlagtPasient>"""
UNKNOWN = '<po:Ukjent V="x"><po:Innhold>y</po:Innhold></po:Ukjent>'


def plo(root: str, content: str, version: str = "1.6") -> list[str]:
    """What is told of this payload, without the head around it."""
    date = VERSIONS[version]
    return told(
        f'<{root} xmlns="http://www.kith.no/xmlstds/po/{root}/{date}"'
        f' xmlns:po="http://www.kith.no/xmlstds/po/poKomponent/{date}"'
        f' xmlns:fk1="http://www.kith.no/xmlstds/felleskomponent1">{content}</{root}>'
    )


def told(payload: str) -> list[str]:
    message = f'<MsgHead xmlns="{HEAD}"><Document><RefDoc><Content>{payload}</Content></RefDoc></Document></MsgHead>'
    inside = "MsgHead.Document.RefDoc.Content."
    findings = OURS.findings(read(message.encode()), "")
    return [f"{f.problem} {f.where.removeprefix(inside)}" for f in findings if f.where.startswith(inside)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("root", "content"),
    [
        ("HelseopplysningerVedSoknad", SENDING + KIND + SERVICE + APPLICATION + CONTACT),
        ("HelseopplysningerVedSoknad", UNKNOWN + CONTACT + SERVICE + UNKNOWN + SERVICE + KIND + SENDING),
        ("HelseopplysningerVedSoknad", ""),
        ("TverrfagligEpikrise", UNKNOWN + SERVICE + CONTACT + SENDING),
        ("Pasientlogistikk", SENDING + EVENT),
        ("Pasientlogistikk", EVENT + UNKNOWN + SENDING),
        ("Pasientlogistikk", "<OrienteringOmDod/>"),
    ],
)
def test_parts_come_in_any_order_and_number_with_unknown_ones_between(
    root: str, content: str, version: str
) -> None:
    assert plo(root, content, version) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("root", "content", "expected"),
    [
        ("Pasientlogistikk", SENDING, "missing-element Pasientlogistikk.MeldingInnlagtPasient"),
        ("Pasientlogistikk", EVENT + "<OrienteringOmDod/>", "structure Pasientlogistikk.OrienteringOmDod"),
        ("Pasientlogistikk", EVENT + EVENT, "structure Pasientlogistikk.MeldingInnlagtPasient[1]"),
        (
            "Pasientlogistikk",
            EVENT.replace("T16:30:00", " 16:30"),
            "malformed-value Pasientlogistikk.MeldingInnlagtPasient.TidsfestetHendelse.TidspunktForHendelse.@V",
        ),
        (
            "HelseopplysningerVedSoknad",
            SENDING.replace('V="N"', 'V="N" Verdi="N"'),
            "structure HelseopplysningerVedSoknad.InformasjonOmForsendelsen.Forsendelsesstatus.@Verdi",
        ),
        (
            "HelseopplysningerVedSoknad",
            SERVICE + SERVICE.replace(">Plan<", "><b/><"),
            "structure HelseopplysningerVedSoknad.TjenesteBehov[1].BetegnelseTjeneste.b",
        ),
        (
            "HelseopplysningerVedSoknad",
            APPLICATION.replace("false", "kanskje"),
            "malformed-value HelseopplysningerVedSoknad.OpplysningerTilSoknad.EgensoknadSendt",
        ),
        (
            "HelseopplysningerVedSoknad",
            CONTACT.replace('V="18"', 'V="18" S="9034!"'),
            "malformed-value HelseopplysningerVedSoknad.KontaktpersonHelsepersonell.Kontaktperson.RoleToPatient.@S",
        ),
        (
            "TverrfagligEpikrise",
            KIND + SERVICE.replace('V="1"', 'V="1" S="-"'),
            "malformed-value TverrfagligEpikrise.TjenesteBehov.IPLOStjenestetype.@S",
        ),
    ],
)
def test_what_is_read_must_have_its_form(root: str, content: str, expected: str, version: str) -> None:
    assert plo(root, content, version) == [expected]


def test_the_root_must_be_the_message_that_the_namespace_is_of() -> None:
    payload = '<Notat xmlns="http://www.kith.no/xmlstds/dialog/2013-01-23"/>'
    assert told(payload) == ["structure Notat"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<A><B c='d'>e</B></A>", []),
        ("<OpplysningerOmIndividuellPlan><IndividuellPlanForeligger>true</IndividuellPlanForeligger>"
         "<KoordinatorOppnevnt>0</KoordinatorOppnevnt><Merknad>m</Merknad></OpplysningerOmIndividuellPlan>", []),
        ("<OpplysningerOmIndividuellPlan><IndividuellPlanForeligger V='false'/></OpplysningerOmIndividuellPlan>", []),
        ("<OpplysningerOmIndividuellPlan><KoordinatorOppnevnt>ja</KoordinatorOppnevnt></OpplysningerOmIndividuellPlan>",
         ["malformed-value Henvisning.OpplysningerOmIndividuellPlan.KoordinatorOppnevnt"]),
        ("<OpplysningerOmIndividuellPlan><KoordinatorOppnevnt V='ja'/></OpplysningerOmIndividuellPlan>",
         ["malformed-value Henvisning.OpplysningerOmIndividuellPlan.KoordinatorOppnevnt.@V"]),
        ("<OpplysningerOmIndividuellPlan><Plan/></OpplysningerOmIndividuellPlan>",
         ["structure Henvisning.OpplysningerOmIndividuellPlan.Plan"]),
    ],
)  # fmt: skip
def test_a_referral_says_of_a_plan_what_can_be_read(content: str, expected: list[str]) -> None:
    assert (
        told(f'<Henvisning xmlns="http://ehelse.no/xmlstds/henvisning/2017-11-30">{content}</Henvisning>')
        == expected
    )


def test_a_file_is_in_base64() -> None:
    container = '<Base64Container xmlns="http://www.kith.no/xmlstds/base64container">{}</Base64Container>'
    assert told(container.format("SGVp")) == []
    assert told(container.format("Hei!")) == ["malformed-value Base64Container"]
    assert etree.QName(read(container.format("").encode())).localname == "Base64Container"
