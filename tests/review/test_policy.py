"""The policy says in words what it does in figures."""

import re
from dataclasses import replace

import pytest

from signal_index.model.review import GROUNDS, Ground, Indicator, Judgement, Reason
from signal_index.review.policy import ReviewPolicy
from signal_index.review.words import NAMES, SENTENCES, sentence_of


def test_every_figure_that_people_are_told_comes_from_the_policy() -> None:
    plain = [str(sentence) for sentence in ReviewPolicy().sentences()]
    assert any("10 meest opvallende" in text for text in plain)
    changed = replace(
        ReviewPolicy(),
        listed_per_week=11,
        sampled_per_week=6,
        opens_hour=8,
        closes_hour=18,
        listed_per_worker=3,
    )
    other = [str(sentence) for sentence in changed.sentences()]
    assert sum(one != two for one, two in zip(plain, other, strict=True)) == 4
    assert not [text for text in plain + other if "%" in text.replace("% ", "")]


@pytest.mark.parametrize("indicator", Indicator)
def test_every_indicator_has_a_name_and_a_sentence_in_few_words(indicator: Indicator) -> None:
    assert NAMES[indicator]
    places = re.findall(r"%\((\w+)\)s", SENTENCES[indicator])
    said = str(sentence_of(Reason(indicator, 1, tuple((place, "3") for place in places))))
    assert all(len(part.split()) <= 15 for part in re.split(r"[.?!] ", said)), said
    for word in ("risico", "verdacht", "fraude", "score"):
        assert word not in said.lower()


def test_every_ground_goes_with_one_judgement() -> None:
    listed = [ground for grounds in GROUNDS.values() for ground in grounds]
    assert sorted(listed) == sorted(Ground)
    assert GROUNDS.keys() == set(Judgement)
