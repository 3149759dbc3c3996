"""One commit for the flows of a process that end at the same time and only add.

A commit is a flush to disk, and statements cost about as much for one row as for ten. Whoever comes first leads:
writes what all who wait have decided, as one transaction, and tells each what came of its own. Who leads when it ends
is the one that has waited longest: there is no thread of its own, and nobody waits when nobody else writes.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adapter.outside.store.buffer import Buffer
from adapter.outside.store.errors import StoreFailed
from adapter.ports import Collision, StoreBusy

MOST = 64
"""Flows in one commit: more gain nothing measurable, and one that collides makes so many single commits."""

_Fault = type[Collision | StoreBusy | StoreFailed]


@dataclass(eq=False, slots=True)
class _Member:
    """A flow that wants its rows committed. It is called when that is done, or to lead."""

    buffer: Buffer
    called: threading.Event = field(default_factory=threading.Event)
    fault: tuple[_Fault, str] | None = None
    leads: bool = False


class Group:
    """Commits buffers together. `write` commits some durably, all or nothing; `leaders` may do so at once."""

    def __init__(
        self, write: Callable[[Sequence[Buffer]], None], *, leaders: int, patience: float, most: int = MOST
    ) -> None:
        self._write, self._leaders, self._patience, self._most = write, leaders, patience, most
        self._guard = threading.Lock()
        self._leading = 0
        self._line: deque[_Member] = deque()

    def commit(self, buffer: Buffer) -> None:
        """Returns when the rows are durable. Raises StoreBusy, Collision or StoreFailed: then none of them is there.

        As with any commit, StoreBusy leaves that open if the connection broke while it was under way.
        """
        me = _Member(buffer)
        if not self._leads_at_once(me):
            self._wait(me)
        if me.leads:
            self._lead(me)
        if me.fault:
            kind, text = me.fault
            raise kind(text)

    def _leads_at_once(self, me: _Member) -> bool:
        with self._guard:
            if self._leading < self._leaders:
                self._leading += 1
                me.leads = True
            else:
                self._line.append(me)
            return me.leads

    def _wait(self, me: _Member) -> None:
        if me.called.wait(self._patience):
            return
        with self._guard:
            if me in self._line:
                self._line.remove(me)
                raise StoreBusy("the database is busy with other commits of this process")
        me.called.wait()  # it is being written: what comes of it must be known

    def _lead(self, me: _Member) -> None:
        with self._guard:
            members = [me, *(self._line.popleft() for _ in range(min(len(self._line), self._most - 1)))]
        for member in members:
            member.fault = (StoreBusy, "a commit shared with others ended before it was done")
        try:
            self._commit(members)
        finally:
            self._hand_on()
            for member in members:
                member.called.set()

    def _hand_on(self) -> None:
        with self._guard:
            if not self._line:
                self._leading -= 1
                return
            following = self._line.popleft()
            following.leads = True
        following.called.set()

    def _commit(self, members: Sequence[_Member]) -> None:
        """All at once; if one of them is in the way of that, each by itself, so that only it is told."""
        fault = self._fault(members)
        if fault and fault[0] is not StoreBusy and len(members) > 1:
            self._commit_each(members)
            return
        for member in members:
            member.fault = fault

    def _commit_each(self, members: Sequence[_Member]) -> None:
        """None is tried any more once the database is away: each try would cost the patience anew."""
        away: tuple[_Fault, str] | None = None
        for member in members:
            member.fault = away or self._fault([member])
            away = member.fault if member.fault and member.fault[0] is StoreBusy else None

    def _fault(self, members: Sequence[_Member]) -> tuple[_Fault, str] | None:
        try:
            self._write([member.buffer for member in members])
        except (Collision, StoreBusy, StoreFailed) as fault:
            return type(fault), str(fault)
        return None
