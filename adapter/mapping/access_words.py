"""Reads mappings/texts/access.yaml: the words of a report of who has read or got what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import yaml

from adapter.domain.access_report import Access, Basis, How
from adapter.domain.days import OSLO
from adapter.domain.partners import Language
from adapter.mapping import yaml_text

_OTHER = "other"


@dataclass(frozen=True, slots=True)
class AccessWords:
    """Those of one language."""

    title: str
    none: str
    how: Mapping[str, str]
    basis: Mapping[str, str]
    what: Mapping[str, str]

    def lines(self, report: Sequence[Access]) -> Iterable[str]:
        """The report for the person: one line for each access, times as in Norway."""
        yield self.title
        if not report:
            yield self.none
        for one in report:
            at = one.at.astimezone(OSLO).strftime("%d.%m.%Y %H.%M")
            things = dict.fromkeys(self.what.get(type_, self.what[_OTHER]) for type_ in one.what)
            yield f"{at}  {one.name} {self.how[one.how]}: {', '.join(things)} ({self.basis[one.basis]})"


def load(folder: Path) -> Mapping[str, AccessWords]:
    """By language. Raises ValueError naming what is wrong with the file."""
    try:
        raw = yaml_text.read((folder / "texts" / "access.yaml").read_text(encoding="utf-8"))
        words = {language: AccessWords(**raw[language]) for language in get_args(Language)}
    except (KeyError, TypeError, yaml.YAMLError) as why:
        raise ValueError(f"texts/access.yaml: {why}") from why
    for language, one in words.items():
        lacking = {*get_args(How), *get_args(Basis), _OTHER} - {*one.how, *one.basis, *one.what}
        if lacking:
            raise ValueError(f"texts/access.yaml: {language} has no word for {sorted(lacking)}")
    return words
