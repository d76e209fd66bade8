"""Keeps the demonstration running, and tells a visitor where to begin."""

import json
from collections.abc import Iterator

from deploy.demo import looks
from deploy.demo.identity.accounts import SUGGESTIONS
from deploy.demo.organisations import ELS, INEKE, NOOR
from deploy.demo.pages.day import fresh_link, link_words
from deploy.demo.setting_up import Demo


def serve(demo: Demo) -> None:
    """Say what there is to see, and stay until somebody stops it."""
    report, case = demo.report, demo.place.case_of("several")
    to_try = list(_lines_to_try(demo))
    report.step("Open it in your browser; Ctrl-C here stops everything")
    report.block(demo.ports.site + "/")
    report.line(
        "Everything and everybody in it is invented, and every page says so. The pages are in Dutch and English."
    )
    report.line("Sign in (Inloggen) and choose who you are; there are no passwords:")
    for each in SUGGESTIONS:
        report.line(f"  {each.employee.name:<15} {each.note_en}")
    report.line(f"Begin as {NOOR.name}, case {case.reference}, and choose the home visit (huisbezoek).")
    report.line(
        "Or come in as from the regiesysteem. This link opens that case for her, once, within two minutes:"
    )
    report.block(fresh_link(demo, case))
    report.line("A fresh one:")
    report.block(_command(demo, *link_words(demo, case)))
    report.line(
        "For a second terminal: the API as she may use it, and what others than workers do by command."
    )
    report.block(*to_try)
    demo.processes.watch()


def _lines_to_try(demo: Demo) -> Iterator[str]:
    """Commands that work as they stand."""
    path = demo.folders.worker / "token"
    path.touch(mode=0o600)
    path.write_text(demo.commands.run(*looks.token_command(demo, NOOR), secret=True))
    case = demo.place.case_of("several")
    question = json.dumps({"zorgrelatie": str(case.relation_id), "doel": looks.HOME_VISIT})
    as_noor = f'curl -s -H "Authorization: Bearer $(cat {path})"'
    body = f"-H 'Content-Type: application/json' -d '{question}'"
    yield f"{as_noor} {demo.index_url}/v1/zorgrelaties"
    yield f"{as_noor} {body} {demo.index_url}/v1/raadplegingen"
    yield _command(demo, "audit", "list", "--as", INEKE.staff_id, *demo.of_index)
    yield _command(demo, "source", "questions", "--as", ELS.staff_id, *demo.of_index)
    yield _command(demo, "doctor", *demo.of_index)
    yield f"{_command(demo, *looks.token_command(demo, NOOR))} > {path}  # when an hour has passed"


def _command(demo: Demo, *words: object) -> str:
    return " ".join(demo.commands.line(*map(str, words)))
