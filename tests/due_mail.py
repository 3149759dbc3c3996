"""A case with mail that is due, ways out that answer or do not, and a post round in which everybody is free."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cases import FIXTURES, empty_database

from adapter.domain.delivery import Letter, Outgoing, Receipt
from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case
from adapter.replay.stage import Stage

MODEL = FIXTURES / "notify" / "xml-need-is-routed"
MUNICIPALITY = "999900022"


@contextmanager
def one_due(folder: Path, model: Path = MODEL) -> Iterator[Stage]:
    """A case, that of `model`, with one delivery due to the municipality, in its own database; nothing is sent yet."""
    store = open_store(f"sqlite:///{empty_database(folder / 'due.db')}")
    stage = open_stage(model, store)
    for step in read_case(model).steps:
        stage.act_first(step)
        stage.act(step)
    yield stage
    store.close()


def the_mail(stage: Stage) -> Outgoing:
    """What the case has to send."""
    return stage.parts.store.deliveries_of(stage.cases[0])[0].outgoing


def in_another_case(stage: Stage, mail: Outgoing, name: str = "other") -> None:
    """This mail to the same recipient, as the message `name` in a case `name` that knows nothing else."""
    with stage.parts.store.transaction() as tx:
        case = tx.case(stage.cases[0])
        assert case
        tx.open_case(replace(case, id=name, need=name))
        tx.send([replace(mail, message_id=name, case_id=name)])


def a_notice(stage: Stage) -> Outgoing:
    """Mail that needs no consent and says nothing of a person, so that it can be sent in any case."""
    mail = the_mail(stage)
    return replace(mail, category="question-to-sender", carries=(mail.focus,))


class Accepting:
    """A way out on which everything is accepted; remembers the message ids."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def post(self, letter: Letter) -> Receipt:
        self.got.append(letter.message_id)
        return Receipt("answered", 200, "ok")


class Dead:
    """A way out on which nobody answers, or that breaks itself; counts the tries."""

    def __init__(self, fault: type[Exception] | None = None, receipt: Receipt | None = None) -> None:
        self.tries, self.fault = 0, fault
        self.receipt = receipt or Receipt("unreachable")

    async def post(self, letter: Letter) -> Receipt:
        self.tries += 1
        if self.fault:
            raise self.fault(f"{letter.address} said something about 21905297101")
        return self.receipt


class Free:
    """A post round in which every recipient is free, and nothing is ever heard."""

    def __init__(self, *, held: bool = True) -> None:
        self.held, self.given_back = held, list[str]()
        self.asked_by = set[threading.Thread]()
        self.woken = threading.Event()

    def take(self, recipient: str) -> bool:
        return True

    def give_back(self, recipient: str) -> None:
        self.given_back.append(recipient)

    def still_held(self) -> bool:
        self.asked_by.add(threading.current_thread())
        return self.held

    def wait(self, seconds: float) -> None:
        if self.woken.wait(seconds):
            self.woken.clear()

    def wake(self) -> None:
        self.woken.set()
