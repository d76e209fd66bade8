"""The looks of this week are reviewed: the daily run, the list, and what the privacy officer finds on her page.

The product makes the list of a week when the week is over. Nobody waits for that here, so the demonstration closes the
week early, once, with the product's own choice; everything else is what an operator's timer and an officer do.
"""

from datetime import UTC, datetime, timedelta
from secrets import SystemRandom

from deploy.demo.organisations import INEKE
from deploy.demo.pages.browser import Browser
from deploy.demo.pages.day import sign_in
from deploy.demo.report import check
from deploy.demo.setting_up import Demo
from signal_index.cli.session import opened
from signal_index.model import dutch_day
from signal_index.review.policy import POLICY
from signal_index.usecases.oversight import scoring

CARDS = '//main//li[contains(@class, "si-look") or .//*[contains(@class, "si-look")]]'


def review_the_week(demo: Demo) -> None:
    """Score the looks, close the week early, and let the privacy officer read her list."""
    report = demo.report
    report.step("Looks are reviewed: what stands out, and some drawn by lot")
    report.line(demo.index("review", "run").splitlines()[0])
    listed = _close_the_week(demo)
    report.line(
        f"The week is closed early, which the product does on Monday: {listed.striking} stand out and"
        f" {listed.sampled} are drawn by lot, of {listed.week.looks} looks"
    )
    with Browser(demo.index_url) as inekes:
        sign_in(demo, inekes, INEKE)
        check(
            inekes.heading == "Te beoordelen raadplegingen", "a privacy officer begins at what waits for her"
        )
        cards = inekes.texts(CARDS)
        check(len(cards) == listed.striking + listed.sampled > 0, "every look that was chosen waits for her")
        own = [each for each in cards if "maakte deze zaak kort ervoor zelf aan" in each]
        check(len(own) == 1, "the look at a case that a worker made for herself stands out")
        report.line(f"{INEKE.name} finds them on her page, each with why, such as:")
        report.line(f"  {own[0].partition(' Uiterlijk')[0]}")


def _close_the_week(demo: Demo) -> scoring.Listed:
    now = datetime.now(UTC)
    today = dutch_day(now)
    monday = today - timedelta(days=today.weekday())
    with opened(demo.folders.index_settings) as index:
        return index.database.run(lambda tx: scoring.list_week(tx, POLICY, SystemRandom(), monday, now))
