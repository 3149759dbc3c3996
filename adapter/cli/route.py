"""`ip-adapter route`"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import typer

from adapter.app import known_partners, system_clock
from adapter.cli.failed import REFUSED, Failed
from adapter.cli.opening import tables_told
from adapter.cli.options import Json
from adapter.cli.setting import settings_with
from adapter.cli.telling import tell, tell_json
from adapter.cli.unit_lines import beside_line
from adapter.domain.days import norwegian_day
from adapter.domain.partners import Partners
from adapter.domain.problems import Catalogue
from adapter.domain.routing import Directory, Routed, Stay, Unit, route
from adapter.domain.way_round import TELEPHONE, WayRound, way_round, why_nothing_is_sent
from adapter.mapping import routes, tables
from adapter.mapping.days_off import is_holiday

_Day = typer.Option(formats=["%Y-%m-%d"], help="The day the need comes.  [default: today in Norway]")
_Born = typer.Option(formats=["%Y-%m-%d"], help="The day of birth, in place of --age. It is printed nowhere.")


def _digits(many: int) -> Callable[[str | None], str | None]:
    """A reader of a number of so many digits."""

    def read(number: str | None) -> str | None:
        if number is None or (len(number) == many and number.isascii() and number.isdigit()):
            return number
        raise typer.BadParameter(f"must be {many} digits")

    return read


_FOUR, _SIX = _digits(4), _digits(6)


@dataclass(frozen=True, slots=True)
class Led:
    """Where a need leads on a day: to a unit by a channel (fhir, edi, edi20 or telephone; "" where its organisation is
    no partner), with what a person may do beside that, as it is now; or why a person must choose (a problem). `number`
    says of a municipality number that leads nowhere what it is, "" of others."""

    on: date
    unit: Unit | None
    channel: str
    beside: WayRound | None
    reason: str
    findings: tuple[str, ...]
    number: str = ""


def command(
    municipality: Annotated[
        str | None, typer.Option(help="Where the person stays: four digits.", callback=_FOUR)
    ] = None,
    district: Annotated[
        str | None, typer.Option(help="The city district there: six digits.", callback=_SIX)
    ] = None,
    registered: Annotated[
        str | None, typer.Option(help="Where the person is registered: four digits.", callback=_FOUR)
    ] = None,
    age: Annotated[int | None, typer.Option(min=0, max=150, help="Whole years on the day.")] = None,
    born: Annotated[datetime | None, _Born] = None,
    on: Annotated[datetime | None, _Day] = None,
    addressed: Annotated[str | None, typer.Option(help="The HER-id the sender writes to.")] = None,
    protected: Annotated[
        bool, typer.Option("--protected", help="The person's address is protected.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell to which coordinating unit a need goes or would have gone on a day, or why a person must choose.

    By the municipality where the person stays (hol § 3-1), its number as it was written then; by city district in Oslo,
    and by age where units are. What units there were on a day that is over is kept in the table of units; the channel
    of an organisation is that of the partner table today, and whether the telephone is answered is said of now. Nothing
    is asked of the database, and no person is needed.

    \b
    Examples:
      ip-adapter route --municipality 0301 --district 030105
      ip-adapter route --municipality 5501 --age 17 --on 2024-06-01 --json
    \b
    Exit codes: 0 there is a unit, 1 a person must choose, 2 a table could not be read.
    """
    settings, now = settings_with(), system_clock()
    day = on.date() if on else norwegian_day(now)
    if age is not None and born is not None:
        raise Failed("--age or --born, not both")
    stay = Stay(
        municipality=municipality,
        district=district if municipality else None,
        registered=registered,
        protection="confidential" if protected else "open",
        birth_date=born.date() if born else _birthday(age, day),
        registered_district=None if municipality else district,
    )
    with tables_told():
        directory, partners = routes.load(settings.mappings / "routes"), known_partners(settings)
        problems = tables.load(settings.mappings, settings.canonical_base).problems
    led = _led(stay, [addressed] if addressed else [], day, now, directory, partners)
    if json:
        tell_json(led)
    else:
        _tell(led, problems)
    if led.reason:
        raise typer.Exit(REFUSED)


def _led(
    stay: Stay, addressed: list[str], day: date, now: datetime, directory: Directory, partners: Partners
) -> Led:
    result = route(directory, stay, addressed, day)
    findings = tuple(finding.problem for finding in result.findings)
    if not isinstance(result, Routed):
        number = _of_number(stay.municipality or stay.registered, result.reason.problem, directory, day)
        return Led(day, None, "", None, result.reason.problem, findings, number)
    unit, partner = result.unit, partners.by_organisation.get(result.unit.organisation)
    channel = partner.channel if partner and partner.reachable else ""
    closed = why_nothing_is_sent(unit, partners)
    return Led(
        day,
        unit,
        TELEPHONE if unit.channel == TELEPHONE else channel,
        way_round(unit, directory, now, is_holiday),
        closed.problem if closed else "",
        findings,
    )


def _of_number(number: str | None, problem: str, directory: Directory, on: date) -> str:
    """What a number is that is that of no municipality on a day; Volven 3402 has more than municipalities."""
    if number is None or problem != "municipality-unknown":
        return ""
    if number == "9999":
        return "says that the municipality is not stated (Uoppgitt)"
    if "21" <= number[:2] <= "27":
        return "is that of no municipality, but of Svalbard, Jan Mayen, the shelf or abroad"
    rows = [m for m in directory.municipalities if m.number == number]
    if not rows:
        return "stands in no table of municipalities"
    begins = min((m.valid_from for m in rows if m.valid_from > on), default=None)
    return "is not in use that day" + (f": the tables have it from {begins} on" if begins else "")


def _birthday(age: int | None, day: date) -> date | None:
    """A day of birth that makes this age on the day; None without one. Raises Failed where there is none."""
    if age is None:
        return None
    if day.year <= age:
        raise Failed("--age: nobody was born before the year 1; give a later --on, or a lower age")
    try:
        return day.replace(year=day.year - age)
    except ValueError:
        return date(day.year - age, 2, 28)


def _tell(led: Led, problems: Catalogue) -> None:
    for name in (led.reason, *led.findings):
        if name:
            tell(f"{name}: {problems[name].text['nb']}")
    if led.number:
        tell(f"  The number {led.number}.")
    if led.unit:
        unit = led.unit
        tell(f"On {led.on}: {unit.name}")
        tell(f"  organisation {unit.organisation}, HER-id {unit.her_id}, channel {led.channel or 'none'}")
    if led.beside and (said := beside_line(led.beside)):
        tell(f"  {said}")
