"""From the text of mappings/detection.yaml to the phrases that free texts are searched for."""

import re
from collections.abc import Mapping
from typing import Any

from adapter.domain.consent_words import ConsentPhrases
from adapter.domain.detection import Phrases, Signal, Trust
from adapter.domain.need_phrases import Answers, NeedPhrases
from adapter.domain.word_rules import Patterns, Rule, Rules
from adapter.mapping import yaml_text
from adapter.mapping.spellings import one_slip
from adapter.mapping.stems import alternatives, stems

_KEYS = {
    "version",
    "history",
    "abbreviations",
    "trust",
    "names",
    "matter",
    "need",
    "against",
    "signals",
    "consent",
}
_WRITTEN = ("states", "negates", "doubts", "talks", "asked", "absent", "names", "kept", "elsewhere", "ours")
_NEED = {"near", "settles", "withdraws", "answers", *_WRITTEN}
_CONSENT_RULES = ("mentions", "denies", "refused", "not-asked", "obtained")
_CONSENT = {"names", "unclear", "ours", "other", "limits", *_CONSENT_RULES}
_NAME = re.compile(r"<(\w+)(~?)>")


def phrases(text: str) -> Phrases:
    """Regular expressions, tried in the order of the file. Raises ValueError for a key that does not belong there."""
    raw = yaml_text.read(text)
    _exactly(raw, _KEYS)
    _exactly(raw["trust"], {"first", "last", "naming"})
    names = _names(raw["names"])
    against = _rules(_compiled(raw["against"], names))
    return Phrases(
        abbreviations=frozenset(raw["abbreviations"]),
        trust=Trust(**{key: _compiled(rules) for key, rules in raw["trust"].items()}),
        need=_need(raw["need"], raw["matter"], against, names),
        against=against,
        signals=tuple(
            Signal(s["fact"], s["means"], _rules(_compiled(s["phrases"], names))) for s in raw["signals"]
        ),
        consent=_consent(raw["consent"]),
    )


def _exactly(raw: Mapping[str, Any], keys: set[str]) -> None:
    if amiss := set(raw) ^ keys:
        raise ValueError(f"unknown or missing keys {sorted(amiss)}")


def _need(
    raw: Mapping[str, Any], matter: Mapping[str, list[str]], against: Rules, names: Mapping[str, str]
) -> NeedPhrases:
    _exactly(raw, _NEED)
    withdraws = _rules(_compiled(raw["withdraws"], names))
    return NeedPhrases(
        matter={word: _rules(_written(rules, names)) for word, rules in matter.items()},
        near=_rules(_written(raw["near"], names)),
        settles=_rules(_compiled(raw["settles"], names)),
        answers=_answers(raw["answers"], names),
        withdraws=withdraws,
        against=Rules((*against, *withdraws)),
        **{key: _rules(_written(raw[key], names)) for key in _WRITTEN},
    )


def _answers(raw: Mapping[str, Any], names: Mapping[str, str]) -> Answers:
    _exactly(raw, {"begins", "answer", "asks", "other"})
    (answer,) = _written([raw["answer"]], names)
    return Answers(
        answer=Rule(answer, stems(answer)),
        **{key: _written(raw[key], names) for key in ("begins", "asks", "other")},
    )


def _consent(raw: Mapping[str, Any]) -> ConsentPhrases:
    _exactly(raw, _CONSENT)
    names = _names(raw["names"])
    rules = {key: _rules(_compiled(raw[key], names)) for key in _CONSENT_RULES}
    return ConsentPhrases(
        mentions=rules["mentions"],
        denies=rules["denies"],
        refused=rules["refused"],
        not_asked=rules["not-asked"],
        obtained=rules["obtained"],
        unclear=_compiled(raw["unclear"], names),
        ours=_compiled(raw["ours"], names),
        other=_compiled(raw["other"], names),
        limits=_compiled(raw["limits"], names),
    )


def _names(raw: Mapping[str, str]) -> dict[str, str]:
    """Rules may use `<name>` for an expression of `names`, which may use those before it."""
    names: dict[str, str] = {}
    for name, rule in raw.items():
        names[name] = _named(rule, names)
    return names


def _named(rule: str, names: Mapping[str, str]) -> str:
    """`<word~>` is that word with at most one slip."""
    return _NAME.sub(lambda found: one_slip(found[1]) if found[2] else f"(?:{names[found[1]]})", rule)


def _compiled(rules: list[str], names: Mapping[str, str] | None = None) -> Patterns:
    return tuple(re.compile(_named(rule, names or {}), re.IGNORECASE) for rule in rules)


def _written(rules: list[str], names: Mapping[str, str]) -> Patterns:
    """Held against small letters with the matter in capitals, so with regard to case."""
    return tuple(re.compile(_named(rule, names)) for rule in rules)


def _rules(patterns: Patterns) -> Rules:
    """Of each alternative a rule of its own: it has rarer stems, and is tried in fewer sentences."""
    parted = tuple(
        re.compile(one, pattern.flags) for pattern in patterns for one in alternatives(pattern.pattern)
    )
    return Rules(Rule(pattern, stems(pattern)) for pattern in parted)
