"""The three books held against each other: the hospitals', the municipalities' and the adapter's.

Each function states one claim and raises AssertionError with numbers, never with a value of a message.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from database_rows import Rows
from hospitals import Hospitals
from stories import Story

Journals = Mapping[str, Sequence[Mapping[str, Any]]]
"""What each municipality (organisation number) wrote down, in order of arrival."""


@dataclass(frozen=True)
class Ledger:
    """`told`: every story that was begun. `journals`: read from the municipalities' disks."""

    told: Sequence[Story]
    hospitals: Hospitals
    journals: Journals
    rows: Rows

    def hold(self) -> None:
        """All claims."""
        self.every_message_got_one_answer()
        self.what_was_acknowledged_has_one_case()
        self.no_case_is_half()
        self.each_recipient_got_each_version_once()
        self.repeats_are_known_as_repeats()
        self.order_is_kept()

    def every_message_got_one_answer(self) -> None:
        """Whoever asked again, at whichever process, got the same words; nobody was refused."""
        assert self.hospitals.refused == []
        known = self.hospitals.acknowledged
        expected = {m.id for s in self.told for m in s.messages} - self.hospitals.without_answer
        assert known.keys() == expected, f"{len(expected - known.keys())} without an answer"
        differing = sum(len(answers) != 1 for answers in known.values())
        assert not differing, f"{differing} messages got two answers"

    def what_was_acknowledged_has_one_case(self) -> None:
        """Each need has one case, each message stands once and at the case of its need."""
        for story in self._kept():
            cases = self.rows.cases.get(story.need, [])
            assert len(cases) == 1, f"a need has {len(cases)} cases"
            for message in story.messages:
                assert self.rows.messages.get(message.id) == cases
        strange = self.rows.cases.keys() - {story.need for story in self.told}
        assert not strange, f"{len(strange)} cases nobody reported"

    def no_case_is_half(self) -> None:
        """Cases of the same story have the same versions, steps and deliveries, also where nobody heard the answer;
        and of what was given up there is all or nothing."""
        shapes: dict[object, set[tuple[str, ...]]] = defaultdict(set)
        for story in self._kept():
            (case,) = self.rows.cases[story.need]
            shapes[story.shape].add(tuple(sorted(self.rows.shape[case])))
        differing = [shape for shape, seen in shapes.items() if len(seen) != 1]
        assert not differing, f"cases differ for {differing}"
        kept = {case for story in self._kept() for case in self.rows.cases[story.need]}
        assert self.rows.shape.keys() == kept

    def each_recipient_got_each_version_once(self) -> None:
        """A municipality knows each step of its own needs by exactly one message id, and nothing of anybody else's;
        the adapter counts as accepted exactly what arrived."""
        expected = {
            (story.municipality, f"urn:uuid:{story.need}"): sorted(m.event for m in story.messages)
            for story in self._kept()
        }
        got = {
            key: sorted(event for _, event in arrivals) for key, arrivals in self._first_arrivals().items()
        }
        assert got.keys() == expected.keys(), f"{len(expected.keys() - got.keys())} needs never arrived"
        differing = sum(got[key] != expected[key] for key in expected)
        assert not differing, f"{differing} needs did not arrive exactly once"
        assert not self.rows.open, f"{len(self.rows.open)} deliveries are not accepted"

    def repeats_are_known_as_repeats(self) -> None:
        """What came again came under the id it had."""
        for journal in self.journals.values():
            seen: set[str] = set()
            for entry in journal:
                assert entry["repeated"] == (entry["id"] in seen)
                seen.add(entry["id"])

    def order_is_kept(self) -> None:
        """First arrivals are in the order the hospital told, which is the order the adapter decided."""
        arrivals = self._first_arrivals()
        for story in self._kept():
            came = arrivals[story.municipality, f"urn:uuid:{story.need}"]
            assert [event for _, event in came] == [m.event for m in story.messages]
            (case,) = self.rows.cases[story.need]
            assert [id_ for id_, _ in came] == self.rows.lanes[story.municipality, case]

    @property
    def repeats(self) -> int:
        return sum(entry["repeated"] for journal in self.journals.values() for entry in journal)

    @property
    def deliveries(self) -> int:
        return sum(not entry["repeated"] for journal in self.journals.values() for entry in journal)

    def _kept(self) -> list[Story]:
        """The stories that must be there: all but those given up that left nothing."""
        gone = self.hospitals.without_answer
        return [s for s in self.told if s.messages[0].id not in gone or s.need in self.rows.cases]

    def _first_arrivals(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """(municipality, need) → (message id, event), each id where it stood first."""
        found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for municipality, journal in self.journals.items():
            for entry in journal:
                found[municipality, entry["need"]].setdefault(entry["id"], entry["event"])
        return {key: [*ids.items()] for key, ids in found.items()}
