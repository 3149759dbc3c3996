"""What a person may do where the way to a coordinating unit is closed, as a line."""

from adapter.domain.way_round import TELEPHONE, WayRound

_OPEN = {True: "open now", False: "closed now", None: ""}


def beside_line(beside: WayRound) -> str:
    """Whom to ring and when, and the fallback; "" where there is neither."""
    said = []
    if beside.telephone:
        hours = ", ".join(word for word in (beside.opening, _OPEN[beside.open]) if word)
        said.append(f"telephone {beside.telephone}{f' ({hours})' if hours else ''}")
    if beside.fallback and beside.fallback != TELEPHONE:
        said.append(f"fallback {beside.fallback} ({beside.fallback_name})")
    return ", ".join(said)
