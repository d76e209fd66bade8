"""The demonstration: a small invented municipality, from source message to a flag, a refusal and a withdrawal.

It uses the product as its operators and workers do, through `signal-index` and HTTP, and checks every step. It ends
with 0 only when every step did what it says; whatever happens, it leaves no process running.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from deploy.demo import looks
from deploy.demo.commands import Commands
from deploy.demo.messages import FAULTY
from deploy.demo.municipality import build
from deploy.demo.organisations import CASE_SYSTEM, ORGANISATIONS, PUBLISHERS, WORKERS, PublisherOrganisation
from deploy.demo.parties import Folders, NotOurs, Ports
from deploy.demo.processes import ProcessError, Processes, Stopped, free_ports
from deploy.demo.report import Report, StepFailed, check, fail
from deploy.demo.setting_up import (
    ADMINISTRATOR,
    PRIVACY_OFFICER,
    Demo,
    Inbox,
    make_keys,
    set_up_index,
    start_parties,
    write_messages,
)

PROJECT = Path(__file__).resolve().parents[2]
RUN_DIRECTORY = PROJECT / "build" / "demo"
RECORDS_SHOWN = 6


def main(words: Sequence[str] | None = None) -> int:
    """Run the demonstration; the exit code."""
    options = _options(words)
    told = False
    with ExitStack() as stack:
        processes = stack.enter_context(Processes())
        try:
            demo = _prepare(options, processes)
            stack.enter_context(demo.folders.make())
            tell(demo)
            told = True
            if not options.once:
                serve(demo)
        except Stopped as asked:
            sys.stdout.write(f"\nStopping on {asked}; nothing stays running.\n")
            return 0 if told else 128 + asked.number
        except (StepFailed, ProcessError, NotOurs, httpx.HTTPError) as fault:
            fail(fault)
            return 1
    sys.stdout.write("\nEverything did what it says; all processes are stopped.\n")
    return 0


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run a small invented municipality from message to flag.")
    parser.add_argument("--once", action="store_true", help="stop when the story is told")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in DIR; build/demo is left as it is")
    parser.add_argument("--port", type=int, default=0, help="port of the index; a free one when not given")
    return parser.parse_args(words)


def _prepare(options: argparse.Namespace, processes: Processes) -> Demo:
    place = build(datetime.now(ZoneInfo("Europe/Amsterdam")).date())
    folders = Folders((options.keep or RUN_DIRECTORY).absolute())
    program = Path(sys.executable).with_name("signal-index")
    check(program.exists(), f"{program} exists; build the environment with `make setup`")
    index, a, b = free_ports(3)
    return Demo(
        place=place,
        folders=folders,
        ports=Ports(options.port or index, a, b),
        commands=Commands(program, folders.root / "commands.log", PROJECT / "build" / "pycache"),
        processes=processes,
        report=Report([resident.bsn for resident in place.residents]),
    )


def tell(demo: Demo) -> None:
    """Tell the whole story, checking every step."""
    inbox = write_messages(demo)
    make_keys(demo)
    set_up_index(demo)
    start_parties(demo)
    publish_everything(demo, inbox)
    noor = looks.Desk(demo, WORKERS[0])
    looks.look_as_the_worker(demo, noor)
    looks.look_at_nothing(demo, noor)
    looks.look_at_a_shielded_case(demo)
    looks.refuse_a_stranger(demo)
    looks.confirm_a_relation(demo)
    publish_later(demo, inbox)
    looks.look_after_the_withdrawal(demo, noor)
    oversee(demo)


def publish_everything(demo: Demo, inbox: Inbox) -> None:
    """Let every connector read its messages and publish, through both pseudonymisers, into the index."""
    demo.report.step("Connectors read the messages and publish through pseudonymisers A and B")
    for publisher in PUBLISHERS:
        demo.commands.run("connector", "init", demo.folders.connector(publisher))
    publish(demo, inbox.first)
    tell_quarantine(demo)
    settings = demo.folders.connector(CASE_SYSTEM)
    said = json.loads(
        demo.commands.run("connector", "caseload", settings, inbox.caseload, "--complete", "--json")
    )
    check(said["asserted"] == len(demo.place.cases), "every care relation is registered")
    demo.report.line(
        f"{CASE_SYSTEM.name}: {said['lines']} lines read, {said['asserted']} care relations registered"
    )
    check_standing(demo, later=False)


def publish_later(demo: Demo, inbox: Inbox) -> None:
    """A second batch of messages: some help has ended, some has started again."""
    demo.report.step("New messages come in: day care has ended, a pause is over")
    publish(demo, inbox.later)
    check_standing(demo, later=True)


def publish(demo: Demo, inbox: Mapping[PublisherOrganisation, Sequence[Path]]) -> None:
    """Read and publish each publisher's messages."""
    for publisher, files in inbox.items():
        if files:
            settings = demo.folders.connector(publisher)
            said = json.loads(
                demo.commands.run("connector", "publish", settings, publisher.reads, *files, "--json")
            )
            check(said["messages"] == len(files), "every message file is read")
            demo.report.line(
                f"{publisher.name}: {said['messages']} messages read, {said['trajecten']} trajecten in them; "
                f"{said['asserted']} flags published, {said['withdrawn']} withdrawn"
            )


def tell_quarantine(demo: Demo) -> None:
    """Tell what the connectors set aside, by place and reason, never by person."""
    for publisher, reasons in FAULTY.items():
        said = json.loads(
            demo.commands.run("connector", "quarantine", demo.folders.connector(publisher), "--json")
        )
        check(
            Counter(each["reason"] for each in said["entries"]) == reasons,
            f"{publisher.name} sets aside {reasons}",
        )
        for each in said["entries"]:
            demo.report.line(f"Quarantined at {publisher.name}: {each['reason']}, {each['place']}")


def check_standing(demo: Demo, *, later: bool) -> None:
    """Tell per source how many flags the index holds, and compare that with the stories."""
    told = Counter(ORGANISATIONS[provider].source for _, provider in demo.place.running(later=later))
    lines = [json.loads(line) for line in demo.index("source", "status", "--json").splitlines()]
    check(
        {line["source"]: line["flag_count"] for line in lines} == told, "the index holds what the stories say"
    )
    check(all(line["current"] for line in lines), "every source is current")
    demo.report.line(f"The index now holds {sum(told.values())} flags, all sources current:")
    for line in lines:
        demo.report.line(f"  {line['source_name']}: {line['flag_count']} x {line['type']}")


def oversee(demo: Demo) -> None:
    """What the privacy officer, the functioneel beheerder and a check of the log show; never a flag."""
    report = demo.report
    report.step("Oversight")
    relations = demo.index("relation", "list", "--as", ADMINISTRATOR.staff_id).splitlines()
    check(len(relations) == len(demo.place.cases), "the functioneel beheerder sees every care relation")
    report.line(f"Functioneel beheerder: {len(relations)} care relations, by reference, such as")
    report.line(f"  {relations[0]}")
    listed = demo.index("audit", "list", "--as", PRIVACY_OFFICER.staff_id, "--json")
    records = [json.loads(line) for line in listed.splitlines()]
    events = Counter(record["gebeurtenis"] for record in records)
    answered, refused = demo.looks[httpx.codes.OK], demo.looks[httpx.codes.NOT_FOUND]
    check(events["lookup.answered"] == answered, f"all {answered} answered looks are on record")
    check(events["lookup.refused"] == refused, f"all {refused} refused looks are on record")
    report.line(f"Privacy officer: {len(records)} looks on record; the last {RECORDS_SHOWN}:")
    for record in reversed(records[:RECORDS_SHOWN]):
        report.line(f"  {_record_line(record)}")
    report.line(demo.index("audit", "check").strip())


def _record_line(record: Mapping[str, Any]) -> str:
    fields = record["velden"]
    number = f"{record['schrijver'][:8]}/{record['nummer']}"
    who = f"{record['tijdstip']}  {number}  {fields['actor']}  {fields['purpose']}"
    if "reason" in fields:
        return f"{who}  refused: {fields['reason']}"
    levels = Counter(each.partition(":")[2] for each in fields["allowed"])
    return f"{who}  allowed: {', '.join(f'{count} types up to {level}' for level, count in levels.items())}"


def serve(demo: Demo) -> None:
    """Keep the parties running and say how to try the API, until somebody stops it."""
    worker, case = WORKERS[0], demo.place.case_of("several")
    path = demo.folders.worker / "token"
    path.touch(mode=0o600)
    path.write_text(looks.token(demo, worker))
    question = json.dumps({"zorgrelatie": str(case.relation_id), "doel": looks.HOME_VISIT})
    as_worker = f'curl -s -H "Authorization: Bearer $(cat {path})"'
    program, settings = demo.commands.line()[0], demo.folders.index_settings
    issuer = f"--key {demo.folders.identity_provider / 'issuer.key'} --subject {worker.staff_id}"
    demo.report.step(f"Try it as {worker.name} ({worker.staff_id}); Ctrl-C stops everything")
    for line in (
        f"{as_worker} {demo.index_url}/v1/zorgrelaties",
        f"{as_worker} -H 'Content-Type: application/json' -d '{question}' {demo.index_url}/v1/raadplegingen",
        f"{program} audit list --as {PRIVACY_OFFICER.staff_id} --config {settings}",
        f"{program} source status --config {settings}",
        f"{program} insecure-issuer token --config {settings} {issuer} > {path}  # when an hour has passed",
    ):
        demo.report.line(line)
    demo.processes.watch()


if __name__ == "__main__":
    sys.exit(main())
