"""The audit of a purged case, without the names that partners gave to what they put there.

An id of a partner's own may be anything, a name or a number of the person too. Its row goes on saying who did what,
when, to a resource of which type and version; the ids are numbered, so that one is still told from another. A hash
would not do: whoever guesses an id could try it.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from adapter.domain.identifiers import uuid_of
from adapter.outside.store import rows
from adapter.outside.store.sql import Sql
from adapter.outside.store.tables import audit, version

_NAMES_RESOURCES = ("resource", "consent", "consents", "because")
"""What of the details of an audited act tells ids of resources."""
_PART = re.compile(r"[^/,:]+")


def unname(sql: Sql, cases: Sequence[Any]) -> None:
    """As long as the versions of these cases are here, whose ids are looked for. A UUID stays: it says nothing."""
    held = select(version.c.case_id, version.c.id).where(version.c.case_id.in_(cases)).distinct()
    given: dict[str, list[str]] = defaultdict(list)
    for row in sql.rows(held.order_by(version.c.id)):
        if not uuid_of(row["id"]):
            given[row["case_id"]].append(row["id"])
    told = select(audit.c.id, audit.c.case_id, audit.c.details).where(audit.c.case_id.in_(given))
    changed = []
    for row in sql.rows(told) if given else ():
        numbered = {id_: f"#{number}" for number, id_ in enumerate(given[row["case_id"]], 1)}
        details = _without(rows.from_text(row["details"]), numbered)
        changed.append({"id_": row["id"], "details_": rows.to_text(details)})
    this = update(audit).where(audit.c.id == bindparam("id_")).values(details=bindparam("details_"))
    sql.run_each(this, changed)


def _without(details: Mapping[str, str], numbered: Mapping[str, str]) -> dict[str, str]:
    def name(part: re.Match[str]) -> str:
        return numbered.get(part[0], part[0])

    return {
        key: _PART.sub(name, value) if key in _NAMES_RESOURCES else value for key, value in details.items()
    }
