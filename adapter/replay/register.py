"""What a case folder says that the address register answers, kept as if it had been asked just now."""

from collections.abc import Mapping

from adapter.domain.register import Address, Kind, Party, State, learned
from adapter.flows.parts import Parts
from adapter.flows.register import addresses


def answers(said: Mapping[str, State], parts: Parts) -> None:
    """Keep it, by HER-id. Raises KeyError for one that is no address of the tables."""
    now, register, ours = parts.clock(), parts.store.register(), addresses(parts, parts.clock())
    register.keep(
        [
            learned(
                register.entry(id_), _party(ours[id_], state, parts), state, id_, now, parts.tables.register
            )
            for id_, state in said.items()
        ]
    )


def _party(address: Address, state: State, parts: Parts) -> Party | None:
    if state == "unknown-there":
        return None
    kind: Kind = "Person" if state == "other-kind" else address.kind
    others = (number for number in parts.partners.by_organisation if number != address.organisation)
    of = next(others) if state == "other-organisation" else address.organisation
    return Party(address.her_id, kind, of)
