"""A store that forgets at once, so that a flow's own cost can be measured without any database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from adapter.domain.case import Version
from adapter.domain.delivery import Letter, Receipt

_MANY = frozenset({"of_case", "cases_of_person", "deliveries", "stop", "settle", "versions"})


class ForgetfulTransaction:
    """Knows nothing, takes everything. `versions` are those of the last transaction, for who wants to look at them."""

    def __init__(self) -> None:
        self.versions: list[Version] = []

    def keep_version(self, version: Version) -> None:
        self.versions.append(version)

    def keep_versions(self, versions: Any) -> None:
        self.versions.extend(versions)

    def resolve(self, *_: object) -> int:
        return 0

    def __getattr__(self, name: str) -> Any:
        """Whatever else a transaction can be asked: nothing is there."""
        answer: tuple[()] | None = () if name in _MANY else None
        return lambda *_, **__: answer


class ForgetfulStore:
    """`adapter.ports.Store` as far as accepting a message needs it."""

    def __init__(self) -> None:
        self.last = ForgetfulTransaction()

    @contextmanager
    def transaction(self) -> Iterator[ForgetfulTransaction]:
        self.last = ForgetfulTransaction()
        yield self.last


class EverAccepting:
    """A transport whose partner has always just said yes; it counts the letters."""

    def __init__(self) -> None:
        self.letters = 0

    async def post(self, letter: Letter) -> Receipt:
        self.letters += 1
        return Receipt("answered", 200, "ok")
