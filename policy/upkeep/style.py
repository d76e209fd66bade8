"""Texts of the rules that are hard to read, for language level B1.

A remark never stops a set from loading: a clumsy sentence is no reason to show nobody anything.
"""

import re
from collections.abc import Iterator

from policy.rulesets import RuleSet

_WORDS_IN_SENTENCE_MAX = 25
_HARD_WORDS = (
    "aangaande", "alsmede", "conform", "casu quo", "derhalve", "desbetreffende", "dienaangaande", "dient te",
    "geschieden", "hetgeen", "hieromtrent", "indien", "ingevolge", "inzake", "krachtens", "middels", "mits",
    "nopens", "omtrent", "onderhavige", "ongeacht", "teneinde", "tenzij", "terzake", "uit hoofde van",
    "voornoemde", "welke hoedanigheid", "zulks",
)  # fmt: skip
_HARD = re.compile(rf"\b({'|'.join(_HARD_WORDS)})\b", re.IGNORECASE)


def remarks(rules: RuleSet) -> Iterator[str]:
    """Say of each Dutch text what makes it hard to read."""
    for place, text in _texts(rules):
        hard = _HARD.search(text)
        if hard:
            yield f"{place}: say it without {hard.group().lower()!r}"
        for sentence in re.split(r"[.!?:]\s", text):
            if len(sentence.split()) > _WORDS_IN_SENTENCE_MAX:
                yield f"{place}: cut the sentence that starts with {' '.join(sentence.split()[:4])!r}"


def _texts(rules: RuleSet) -> Iterator[tuple[str, str]]:
    for rule in rules.versions:
        yield f"{rule.file} @titel", rule.title
        yield f"{rule.file} @uitleg_fg", rule.officer_text
        if rule.worker_text is not None:
            yield f"{rule.file} @uitleg_medewerker", rule.worker_text
        if rule.help_text is not None:
            yield f"{rule.file} @wat_helpt", rule.help_text
    for purpose in rules.catalogue.purposes:
        yield f"catalogue.toml {purpose.code} worker_text", purpose.worker_text
        yield f"catalogue.toml {purpose.code} not_shown_nl", purpose.not_shown_nl
    for promise in rules.promises:
        yield f"promises.toml {promise.promise_id}", promise.title_nl
