"""Many cases made in bulk from one that was really accepted: every row of it again, under ids of its own.

What belongs to the case alone (UUIDs and hashes that no second case has) is replaced in every text and in the raw
bytes; numbers and moments go on. A copy is indistinguishable from a case that came through the door, but for its text.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter

from adapter.outside.store.rows import AT_ONCE
from tests.bench.template_rows import Rows, TemplateTable

_TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{64}\b")
_MARK = re.compile("\x01(\\d+)\x02")


@dataclass(frozen=True, slots=True)
class Form:
    """The rows of one table for one copy: fixed text, with places to fill in between."""

    table: str
    columns: tuple[str, ...]
    pieces: tuple[str, ...]
    filled: Callable[[Sequence[str]], Sequence[str]]

    def text(self, values: Sequence[str]) -> str:
        woven = list(self.pieces)
        woven[1::2] = self.filled(values)
        return "".join(woven)


class Copies:
    """Copies of the case whose `rows` are given. `other` are the rows of a second case of the same kind: what stands in
    both is no id of the case. `only`: just these tables. Each copy is `apart` seconds older than the one before."""

    def __init__(
        self, rows: Rows, other: Rows, only: Collection[str] | None = None, apart: float = 1.0
    ) -> None:
        self._tokens = sorted(_tokens(rows) - _tokens(other))
        self._index = {token: place for place, token in enumerate(self._tokens)}
        self._tables = [table for table in rows.tables if only is None or table.name in only]
        self._starts = {table.name: table.next_number for table in self._tables}
        self._counts = {table.name: len(table.rows) for table in self._tables}
        self._moments: dict[str, int] = {}
        self._beside: list[tuple[str, int]] = []
        self._apart = timedelta(seconds=apart)
        self.forms = [self._form(table, rows) for table in self._tables]

    def id_of(self, token: str, number: int) -> str:
        """What the id `token` of the original is in that copy."""
        made = hashlib.md5(f"{number} {self._index[token]}".encode(), usedforsecurity=False).hexdigest()
        if len(token) == 64:
            return made + made[::-1]
        return f"{made[:8]}-{made[8:12]}-4{made[13:16]}-8{made[17:20]}-{made[20:]}"

    def of_text(self, text: str, number: int) -> str:
        """A text of the original as it is in that copy."""
        return _TOKEN.sub(
            lambda t: self.id_of(t.group(), number) if t.group() in self._index else t.group(), text
        )

    def values(self, number: int) -> list[str]:
        """What fills the forms for one copy: ids, the same in hexadecimal, then moments and row numbers."""
        ids = [self.id_of(token, number) for token in self._tokens]
        shift = -number * self._apart
        beside = [
            str(self._starts[name] + number * self._counts[name] + place)
            if place >= 0
            else str(datetime.fromisoformat(name) + shift)
            for name, place in self._beside
        ]
        return [*ids, *(id_.encode().hex() for id_ in ids), *beside]

    def texts(self, start: int, count: int) -> Iterator[list[str]]:
        """For each copy the text of its rows, in the order of `forms`."""
        for number in range(start, start + count):
            values = self.values(number)
            yield [form.text(values) for form in self.forms]

    def _form(self, table: TemplateTable, rows: Rows) -> Form:
        lines = [
            rows.line(
                table, [self._marked(table, column, value, place, rows) for column, value in row.items()]
            )
            for place, row in enumerate(table.rows)
        ]
        parts = _MARK.split(rows.joined(table, lines))
        wanted = [int(part) for part in parts[1::2]]
        filled: Callable[[Sequence[str]], Sequence[str]] = (
            itemgetter(*wanted) if len(wanted) > 1 else lambda v: [v[wanted[0]]]
        )
        return Form(table.name, table.columns, tuple(parts), filled)

    def _marked(self, table: TemplateTable, column: str, value: object, place: int, rows: Rows) -> str | None:
        if value is None:
            return None
        if column == table.number:
            return self._number(table.name, place)
        if column in table.parents:
            parent = next(t for t in self._tables if t.name == table.parents[column])
            return self._number(parent.name, [row[str(parent.number)] for row in parent.rows].index(value))
        if isinstance(value, bytes):
            text = value.decode("utf-8", "surrogateescape")
            return rows.binary(self._in_text(text, hexadecimal=True))
        if column in table.moments and not _means_at_once(str(value)):
            return rows.quoted(self._moment(str(value)))
        return rows.quoted(rows.escaped(self._in_text(str(value)))) if isinstance(value, str) else str(value)

    def _moment(self, text: str) -> str:
        if text not in self._moments:
            self._moments[text] = self._mark(text, -1)
        return f"\x01{self._moments[text]}\x02"

    def _number(self, table: str, place: int) -> str:
        return f"\x01{self._mark(table, place)}\x02"

    def _mark(self, name: str, place: int) -> int:
        """Where in `values` this will stand: the row number `place` of a table, or (-1) the moment `name`."""
        self._beside.append((name, place))
        return 2 * len(self._tokens) + len(self._beside) - 1

    def _in_text(self, text: str, *, hexadecimal: bool = False) -> str:
        offset, made, at = (len(self._tokens) if hexadecimal else 0), [], 0
        for found in _TOKEN.finditer(text):
            if found.group() in self._index:
                made += [
                    _plain(text[at : found.start()], hexadecimal),
                    f"\x01{self._index[found.group()] + offset}\x02",
                ]
                at = found.end()
        return "".join([*made, _plain(text[at:], hexadecimal)])


def _plain(text: str, hexadecimal: bool) -> str:
    return text.encode("utf-8", "surrogateescape").hex() if hexadecimal else text


def _tokens(rows: Rows) -> set[str]:
    texts = (value for table in rows.tables for row in table.rows for value in row.values())
    found: set[str] = set()
    for text in texts:
        if isinstance(text, str | bytes):
            found.update(_TOKEN.findall(text if isinstance(text, str) else text.decode("utf-8", "replace")))
    return found


def _means_at_once(moment: str) -> bool:
    """No moment, but that mail was never tried: it is no older in a copy."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC) == AT_ONCE
