"""The rows of one case as they stand in the database, and how a row is written as text for a bulk load."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, DateTime, Integer, LargeBinary, MetaData, Table, cast, func, select
from sqlalchemy.types import Text


@dataclass(frozen=True, slots=True)
class TemplateTable:
    """`number` is the column that counts rows, `parents` the columns that refer to such a number of another table."""

    name: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    number: str | None
    next_number: int
    parents: dict[str, str]
    moments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything of one case. PostgreSQL takes lines of COPY, SQLite an INSERT."""

    tables: list[TemplateTable]
    postgresql: bool

    def line(self, table: TemplateTable, values: Sequence[str | None]) -> str:
        if self.postgresql:
            return "\t".join(r"\N" if value is None else value for value in values) + "\n"
        return "(" + ",".join("NULL" if value is None else value for value in values) + ")"

    def joined(self, table: TemplateTable, lines: Sequence[str]) -> str:
        if self.postgresql:
            return "".join(lines)
        names = ", ".join(f'"{name}"' for name in table.columns)
        return f'INSERT INTO "{table.name}" ({names}) VALUES {",".join(lines)};\n'  # noqa: S608 - written here

    def quoted(self, text: str) -> str:
        return text if self.postgresql else f"'{text}'"

    def escaped(self, text: str) -> str:
        if not self.postgresql:
            return text.replace("'", "''")
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")

    def binary(self, digits: str) -> str:
        return f"\\\\x{digits}" if self.postgresql else f"X'{digits}'"


def rows_of(connection: Connection, case_id: str) -> Rows:
    """What every table holds of a case: its own row, rows that name it, and rows that belong to those."""
    metadata = MetaData()
    metadata.reflect(connection)
    found: dict[str, TemplateTable] = {}
    for table in metadata.sorted_tables:
        mine = _condition(table, case_id, found)
        if mine is not None:
            found[table.name] = _read(connection, table, mine, found)
    return Rows([table for table in found.values() if table.rows], connection.dialect.name == "postgresql")


def _condition(table: Table, case_id: str, found: dict[str, TemplateTable]) -> Any:
    if table.name == "case_":
        return table.c.id == case_id
    if "case_id" in table.c:
        return table.c.case_id == case_id
    for column, parent in _parents(table).items():
        if parent in found:
            return table.c[column].in_([row[str(found[parent].number)] for row in found[parent].rows])
    return None


def _parents(table: Table) -> dict[str, str]:
    """Columns that refer to a row number of another table."""
    return {
        key.parent.name: key.column.table.name
        for key in table.foreign_keys
        if isinstance(key.column.type, Integer)
    }


def _read(connection: Connection, table: Table, mine: Any, found: dict[str, TemplateTable]) -> TemplateTable:
    kept = [column for column in table.columns if column.computed is None]
    names = tuple(column.name for column in kept)
    rows = connection.execute(select(*(_raw(column) for column in kept)).where(mine)).all()
    counted = [c.name for c in table.primary_key.columns if isinstance(c.type, Integer)]
    number = counted[0] if len(table.primary_key.columns) == 1 and counted else None
    last = connection.scalar(select(func.max(table.c[number]))) if number else 0
    return TemplateTable(
        table.name,
        names,
        [dict(zip(names, row, strict=True)) for row in rows],
        number,
        int(last or 0) + 1,
        {column: parent for column, parent in _parents(table).items() if parent in found},
        frozenset(column.name for column in kept if isinstance(column.type, DateTime)),
    )


def _raw(column: Column[Any]) -> Any:
    """As text, but for numbers and bytes: what is read is written again as it is."""
    if isinstance(column.type, Integer | LargeBinary):
        return column
    return cast(column, Text).label(column.name)
