"""The decision on every example Consent of IHE PCF and of FHIR R4, derived by hand from what its text says.

Organization/f001 ("Good Health") is the hospital HERE, where Practitioner/f204 works; THERE is another. What is asked
for is the plan, or the part of it about mental health (restricted, PSY), to coordinate treatment. The examples are
taken as consents to sharing, or as objections where it says so. A decision at another time than the case's names it.
"""

from datetime import UTC, datetime
from typing import NamedTuple

HERE, THERE = "999900011", "999900033"
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Vector(NamedTuple):
    example: str
    decision: str
    derivation: str
    to: str = HERE
    asked: str = "plan"
    kind: str = "SHARING"
    at: datetime = NOW


PCF = [
    Vector(
        "consent-basic-treat",
        "permit",
        "It agrees to treatment for everybody; coordination is part of treatment.",
    ),
    Vector("consent-basic-ink", "permit", "The same, on paper: the form changes nothing."),
    Vector("consent-basic-reject", "denied", "It rejects treatment, payment and operations for everybody."),
    Vector("consent-basic-reject", "objected", "The same rejection, kept as an objection.", kind="OBJECTION"),
    Vector("consent-basic-research", "not-permitted", "It agrees to research only."),
    Vector(
        "consent-intermediate-purpose",
        "not-permitted",
        "It lets a researcher in for a purpose of its own, nobody else.",
    ),
    Vector(
        "consent-intermediate-timeframe",
        "not-permitted",
        "It is about what was written in 2022; this case is of 2026.",
    ),
    Vector(
        "consent-intermediate-timeframe",
        "permit",
        "In August 2022 all that a case of June 2022 holds was written in that year.",
        at=datetime(2022, 8, 1, tzinfo=UTC),
    ),
    Vector(
        "consent-intermediate-authoredby",
        "not-permitted",
        "It is about what one practitioner wrote; several write a plan.",
    ),
    Vector(
        "consent-intermediate-not-data",
        "denied",
        "All but one observation; nobody here knows it, so nobody can keep it out.",
    ),
    Vector(
        "consent-intermediate-not-encounter",
        "denied",
        "All but what hangs together with an encounter that nobody here knows.",
    ),
    Vector(
        "consent-advanced-normal-break-glass-restricted",
        "permit",
        "Normal data for treatment to everybody; the rest is about emergencies.",
    ),
    Vector(
        "consent-advanced-normal-break-glass-restricted",
        "not-permitted",
        "Restricted data only when a privileged user breaks the glass.",
        asked="mental-health",
    ),
    Vector("consent-advanced-normal-focused-psy", "permit", "Normal data for treatment to everybody."),
    Vector(
        "consent-advanced-normal-focused-psy",
        "not-permitted",
        "Psychiatry for one practitioner by name; an organisation is not that practitioner.",
        asked="mental-health",
    ),
    Vector("consent-advanced-normal-focused-psy-or-sdv", "permit", "Normal data for treatment to everybody."),
    Vector(
        "consent-advanced-normal-focused-psy-or-sdv",
        "not-permitted",
        "Psychiatry or sexual assault for one practitioner by name.",
        asked="mental-health",
    ),
    Vector("consent-advanced-normal-restricted", "permit", "Normal and restricted data; the plan is normal."),
    Vector(
        "consent-advanced-normal-restricted",
        "permit",
        "Normal and restricted data; this part is restricted.",
        asked="mental-health",
    ),
    Vector("dissent-intermediate-break-glass", "denied", "No to everything but breaking the glass."),
    Vector(
        "dissent-intermediate-break-glass",
        "objected",
        "The same, as an objection: glass is not broken by machines (hpl § 29).",
        kind="OBJECTION",
    ),
]

R4 = [
    Vector(
        "consent-example-Emergency",
        "denied",
        "No to all but emergency treatment at Good Health, which this is not.",
    ),
    Vector(
        "consent-example-grantor",
        "denied",
        "Opt-out, with reading for one person; without a type it permits nobody, and whose data it is about is open.",
    ),
    Vector("consent-example-notAuthor", "denied", "What Good Health collected is kept from every provider."),
    Vector("consent-example-notAuthor", "denied", "From every provider, this one too.", to=THERE),
    Vector("consent-example-notOrg", "denied", "Nothing to Good Health, where the former spouse works."),
    Vector(
        "consent-example-notOrg",
        "not-permitted",
        "It says nothing of others, so it permits them nothing.",
        to=THERE,
    ),
    Vector(
        "consent-example-notThem",
        "denied",
        "Nothing to one nurse; nothing can be kept from a nurse at work there.",
    ),
    Vector(
        "consent-example-notThem",
        "not-permitted",
        "The nurse does not work there, but nothing permits it.",
        to=THERE,
    ),
    Vector(
        "consent-example-notThis", "denied", "An order and its results are withheld; nobody here knows which."
    ),
    Vector(
        "consent-example-notTime", "no-consent", "The period in which it holds was over in February 2015."
    ),
    Vector(
        "consent-example-notTime",
        "denied",
        "While it held, it withheld everything from every provider.",
        at=datetime(2015, 1, 15, tzinfo=UTC),
    ),
    Vector(
        "consent-example-pkb",
        "denied",
        "Without a type it is no permission; it is about normal data to Good Health.",
    ),
    Vector("consent-example-pkb", "not-permitted", "It says nothing of others.", to=THERE),
    Vector(
        "consent-example-signature", "no-consent", "The period in which it holds was over in October 2016."
    ),
    Vector(
        "consent-example-signature",
        "denied",
        "While it held: without a type no permission, about somebody nobody here knows.",
        at=datetime(2016, 1, 1, tzinfo=UTC),
    ),
]
