"""The looks of the demonstration: by the worker, by a stranger, at a shielded case, and after a withdrawal."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from deploy.demo.municipality import Case
from deploy.demo.organisations import MARGA, ORGANISATIONS, Employee, signal_type
from deploy.demo.report import check
from deploy.demo.setting_up import Demo

HOME_VISIT = "voorbereiding-huisbezoek"
DEBT_TALK = "schuldhulp-afstemming"
ABOUT_MONEY = {"beschermingsbewind", "bijstandsuitkering", "schuldhulptraject"}
NOBODYS_RELATION = UUID("5eed5eed-5eed-4eed-8eed-5eed5eed5eed")
ANSWER_SECONDS_MAX = 30

Shown = Counter[tuple[str, str | None]]
"""How often each (type, name of the source) stands in an answer; None when the source is not shown."""


def token_command(demo: Demo, employee: Employee) -> list[str | Path]:
    """The command that signs this member of staff in, with a second factor, for programs."""
    key = demo.folders.identity_provider / "issuer.key"
    return ["insecure-issuer", "token", "--key", key, "--subject", employee.staff_id, *demo.of_index]


def desks(demo: Demo, *employees: Employee) -> list["Desk"]:
    """Let members of staff sign in, as a program would for them."""
    tokens = demo.commands.run_all((token_command(demo, each) for each in employees), secret=True)
    return [Desk(demo, employee, token.strip()) for employee, token in zip(employees, tokens, strict=True)]


class Desk:
    """A member of staff at work: her token, a way to ask the index, and the receipt of her last look."""

    def __init__(self, demo: Demo, employee: Employee, token: str) -> None:
        self.employee = employee
        self.receipt = ""
        self._count = demo.looks
        self._url = f"{demo.index_url}/v1/raadplegingen"
        self._headers = {"Authorization": f"Bearer {token}"}

    def look(self, relation: UUID, purpose: str = HOME_VISIT) -> httpx.Response:
        """Ask which help is running."""
        question = {"zorgrelatie": str(relation), "doel": purpose}
        answer = httpx.post(
            self._url, json=question, headers=self._headers, timeout=ANSWER_SECONDS_MAX, trust_env=False
        )
        self._count[answer.status_code] += 1
        if answer.status_code == httpx.codes.OK:
            self.receipt = "/".join(map(str, answer.json()["ontvangstbewijs"].values()))
        return answer


def look_as_the_worker(demo: Demo, noor: Desk) -> None:
    """The main job: several kinds of help, each with whom to phone; and less of it for another purpose."""
    case = demo.place.case_of("several")
    demo.report.step(f"{noor.employee.name} prepares a home visit, case {case.reference}")
    answer = answered(noor.look(case.relation_id))
    tell_signals(demo, answer)
    check(
        shown(answer) == expected(demo, case), "the answer holds exactly the help that runs for this person"
    )
    check(all(signal["contact"] for signal in answer["signalen"]), "every signal says whom to phone")
    narrower = answered(noor.look(case.relation_id, DEBT_TALK))
    kinds = {kind for kind, _ in shown(narrower)}
    check(kinds == ABOUT_MONEY, "the debt talk shows what is about money, and nothing else")
    demo.report.line(f"The same case for {DEBT_TALK} shows only: {', '.join(sorted(kinds))}.")


def look_at_nothing(demo: Demo, noor: Desk) -> None:
    """No help runs: an answer without signals, not a refusal."""
    case = demo.place.case_of("nothing-running")
    answer = answered(noor.look(case.relation_id))
    check(answer["signalen"] == [], "there are no signals for somebody for whom nothing runs")
    demo.report.line(f"Case {case.reference}, for whom nothing runs: no signals. {answer['uitleg']}")


def look_at_a_shielded_case(demo: Demo, pepijn: Desk) -> None:
    """For a shielded resident the worker sees that help runs, not where."""
    case = demo.place.case_of("shielded")
    demo.report.step(f"{pepijn.employee.name} looks at case {case.reference}, whose address is secret")
    answer = answered(pepijn.look(case.relation_id))
    tell_signals(demo, answer)
    check({source for _, source in shown(answer)} == {None}, "no source is named for a shielded resident")
    check(
        {kind for kind, _ in shown(answer)} == {"wmo-voorziening", "schuldhulptraject"},
        "both kinds are shown",
    )


def refuse_a_stranger(demo: Demo, yasmin: Desk) -> None:
    """Somebody else's case and a case that does not exist are one answer, byte for byte."""
    case = demo.place.case_of("several")
    demo.report.step(f"{yasmin.employee.name}, of another team, tries case {case.reference}")
    strange, unknown = yasmin.look(case.relation_id), yasmin.look(NOBODYS_RELATION)
    check(strange.status_code == httpx.codes.NOT_FOUND, "a stranger to the case gets 404")
    check(strange.content == unknown.content, "it is the same answer as for a case that does not exist")
    problem = strange.json()
    demo.report.line(f"{strange.status_code} {problem['code']}: {problem['detail']}")
    demo.report.line("A case that does not exist gives the same answer, byte for byte.")


def confirm_a_relation(demo: Demo, samira: Desk, confirm: Callable[[Demo, Case], None]) -> None:
    """A relation a worker registered for herself answers nothing until her team leader has seen it.

    Args:
        demo: the run.
        samira: who registered it.
        confirm: lets the team leader confirm a case.
    """
    case = demo.place.case_of("self-registered")
    demo.report.step(f"{case.worker.name} registered case {case.reference} for herself")
    before = samira.look(case.relation_id)
    check(before.status_code == httpx.codes.NOT_FOUND, "an unconfirmed relation gives 404")
    demo.report.line(f"{before.status_code} {before.json()['code']}, as long as nobody else has confirmed it")
    confirm(demo, case)
    answer = answered(samira.look(case.relation_id))
    check(shown(answer) == expected(demo, case), "after confirmation the help that runs is shown")
    demo.report.line(f"{MARGA.name} (team leader) signs in and confirms it on her page; now:")
    tell_signals(demo, answer)


def look_after_the_withdrawal(demo: Demo, noor: Desk) -> None:
    """What has ended is gone; what still runs is still there."""
    case = demo.place.case_of("several")
    answer = answered(noor.look(case.relation_id))
    tell_signals(demo, answer)
    check(shown(answer) == expected(demo, case, later=True), "only the help that ended is gone")
    gone = expected(demo, case) - expected(demo, case, later=True)
    demo.report.line(f"Gone: {', '.join(f'{kind} at {source}' for kind, source in gone)}.")


def answered(response: httpx.Response) -> dict[str, Any]:
    """The answer, after checking that it is one and that its look was recorded."""
    check(response.status_code == httpx.codes.OK, f"a look is answered (it got {response.status_code})")
    answer: dict[str, Any] = response.json()
    check(answer["ontvangstbewijs"]["nummer"] > 0, "an answer has the number of its record")
    return answer


def shown(answer: dict[str, Any]) -> Shown:
    """What an answer shows."""
    return Counter((signal["soort"], signal["bron"]) for signal in answer["signalen"])


def expected(demo: Demo, case: Case, *, later: bool = False) -> Shown:
    """What an answer with every source named should show, going by the stories."""
    running = [who for key, who in demo.place.running(later=later) if key == case.resident.key]
    return Counter((signal_type(who), ORGANISATIONS[who].name) for who in running)


def tell_signals(demo: Demo, answer: dict[str, Any]) -> None:
    """Print the signals as the worker gets them, and the record of the look."""
    for signal in answer["signalen"]:
        contact = signal["contact"]
        whom = f"bel {contact['naam']}, {contact['telefoon']}" if contact else "zonder contactgegevens"
        source = (
            f"{signal['bron']}, bijgewerkt {signal['bijgewerkt']}" if signal["bron"] else "bron afgeschermd"
        )
        demo.report.line(f"{signal['soort']}: {signal['tekst']} Sinds {signal['sinds']} ({source}); {whom}.")
    receipt = answer["ontvangstbewijs"]
    demo.report.line(f"Recorded before it was shown: record {receipt['schrijver'][:8]}/{receipt['nummer']}")
