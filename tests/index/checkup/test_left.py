"""The check-up says what is left to do, and asks the pseudonymisers."""

import re
from typing import Any

Clinic = Any  # of the conftest beside this file


def test_what_root_made_is_to_be_given_to_the_account_that_serves(clinic: Clinic) -> None:
    clinic.settings(clinic.CONFIG.replace('"dev"', '"production"'))
    left = "\n".join(clinic.visit()[1]).partition("What is left")[2]
    assert ("chown -R signal-index: " in left) is (clinic.path.stat().st_uid == 0)
    assert "signal-index staff grant MEMBER privacy-officer --because nieuwe-taak --as f.beheer" in left
    assert "functioneel-beheerder" not in left, "two administer"
    assert "wijkteammedewerker" not in left


def test_a_pseudonymiser_that_is_away_or_another_is_named(clinic: Clinic) -> None:
    section = f'[pseudonymisers]\na = "http://127.0.0.1:9"\nb = "{clinic.provider.url}"\n'
    clinic.settings(clinic.config.read_text() + section)
    clinic.provider.pages["/v1/gereed"] = (200, {"status": "gereed", "partij": "A"})
    _, lines = clinic.points()
    assert [
        each for each in lines if re.search(r"^mend +pseudonymiser A: http://127\.0\.0\.1:9: no answer", each)
    ]
    assert [each for each in lines if re.search(r"^mend +pseudonymiser B: .*another party than B", each)]


def test_the_timer_that_mails_is_named_only_where_somebody_is_mailed(clinic: Clinic) -> None:
    def timers() -> list[str]:
        return [each for each in clinic.visit()[1] if "systemctl enable" in each]

    (without,) = timers()
    assert without.endswith("signal-index-expire.timer signal-index-review.timer")
    told = f'[mail.review_to]\n"{clinic.world.GEMEENTE}" = "toezicht@gemeente.example"\n'
    clinic.settings(clinic.config.read_text() + told)
    (with_mail,) = timers()
    assert with_mail == f"{without} signal-index-review-mail.timer"


def test_without_publishers_no_feed_is_said_to_have_sent_all(clinic: Clinic) -> None:
    clinic.register(publishers=(), publications=(), entrances=())
    _, lines = clinic.points()
    assert [each for each in lines if re.match(r"mend +register: there are no publishers", each)]
    assert not [each for each in lines if "complete sets" in each]
