"""The demonstration: a small invented municipality, from source message to a worker's page, a refusal and a withdrawal.

It uses the product as its operators and workers do, through `signal-index` and HTTP, and checks every step. It ends
with 0 only when every step did what it says; whatever happens, it leaves no process running.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from deploy.demo import looks
from deploy.demo.commands import Commands
from deploy.demo.messages import FAULTY
from deploy.demo.municipality import build
from deploy.demo.organisations import (
    ADMINISTRATORS,
    CASE_SYSTEM,
    GERT,
    INEKE,
    NOOR,
    ORGANISATIONS,
    PEPIJN,
    PUBLISHERS,
    SAMIRA,
    YASMIN,
    PublisherOrganisation,
    signal_type,
)
from deploy.demo.pages import day
from deploy.demo.pages.reviewing import review_the_week
from deploy.demo.pages.serving import serve
from deploy.demo.parties import Folders, NotOurs, Ports
from deploy.demo.processes import ProcessError, Processes, Stopped, free_ports, is_free
from deploy.demo.proving import prove_the_log
from deploy.demo.report import Report, StepFailed, check, fail
from deploy.demo.setting_up import Demo, Inbox, make_keys, set_up_index, start_parties, write_messages

PROJECT = Path(__file__).resolve().parents[2]
RUN_DIRECTORY = PROJECT / "build" / "demo"
RECORDS_SHOWN = 6
PORT = 8100  # of the pages, so that an address noted down yesterday works today


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
    parser = argparse.ArgumentParser(description="Run a small invented municipality from message to page.")
    parser.add_argument("--once", action="store_true", help="stop when the story is told")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in DIR; build/demo is left as it is")
    parser.add_argument("--port", type=int, help=f"port of the pages; {PORT} if it is free, any with --once")
    return parser.parse_args(words)


def _prepare(options: argparse.Namespace, processes: Processes) -> Demo:
    place = build(datetime.now(ZoneInfo("Europe/Amsterdam")).date())
    folders = Folders((options.keep or RUN_DIRECTORY).absolute())
    program = Path(sys.executable).with_name("signal-index")
    check(program.exists(), f"{program} exists; build the environment with `make setup`")
    report = Report([resident.bsn for resident in place.residents])
    return Demo(
        place=place,
        folders=folders,
        ports=_ports(options, report),
        commands=Commands(program, folders.root / "commands.log", PROJECT / "build" / "pycache"),
        processes=processes,
        report=report,
    )


def _ports(options: argparse.Namespace, report: Report) -> Ports:
    """The pages where people look for them; everything else wherever there is room."""
    index, a, b, provider, witness = free_ports(5)
    wanted = options.port or (None if options.once else PORT)
    if wanted is not None and not is_free(wanted):
        check(options.port is None, f"port {wanted} is free")
        report.line(f"Port {wanted} is taken by another program, so the pages come on port {index}.")
        wanted = None
    return Ports(wanted or index, a, b, provider, witness)


def tell(demo: Demo) -> None:
    """Tell the whole story, checking every step."""
    inbox = write_messages(demo)
    make_keys(demo)
    set_up_index(demo)
    start_parties(demo)
    publish_everything(demo, inbox)
    noor, pepijn, samira, yasmin = looks.desks(demo, NOOR, PEPIJN, SAMIRA, YASMIN)
    looks.look_as_the_worker(demo, noor)
    looks.look_at_nothing(demo, noor)
    looks.look_at_a_shielded_case(demo, pepijn)
    looks.refuse_a_stranger(demo, yasmin)
    looks.confirm_a_relation(demo, samira, day.confirm_a_case)
    publish_later(demo, inbox)
    looks.look_after_the_withdrawal(demo, noor)
    day.work_a_day(demo)
    oversee(demo)
    review_the_week(demo)
    prove_the_log(demo, noor)


def publish_everything(demo: Demo, inbox: Inbox) -> None:
    """Let every connector read its messages and publish, through both pseudonymisers, into the index."""
    demo.report.step("Connectors read the messages and publish through pseudonymisers A and B")
    demo.commands.run_all(["connector", "init", demo.folders.connector(each)] for each in PUBLISHERS)
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
    sending = {publisher: files for publisher, files in inbox.items() if files}
    printed = demo.commands.run_all(_publishing(demo, *each) for each in sending.items())
    for (publisher, files), line in zip(sending.items(), printed, strict=True):
        said = json.loads(line)
        check(said["messages"] == len(files), "every message file is read")
        demo.report.line(
            f"{publisher.name}: {said['messages']} messages read, {said['trajecten']} trajecten in them; "
            f"{said['asserted']} flags published, {said['withdrawn']} withdrawn"
        )


def _publishing(demo: Demo, publisher: PublisherOrganisation, files: Sequence[Path]) -> list[str | Path]:
    """The command; a publisher that is behind says up to which day it knows."""
    as_of = demo.place.today - timedelta(days=publisher.behind_days)
    settings = demo.folders.connector(publisher)
    return ["connector", "publish", settings, publisher.reads, *files, "--as-of", str(as_of), "--json"]


def tell_quarantine(demo: Demo) -> None:
    """Tell what the connectors set aside, by place and reason, never by person."""
    printed = demo.commands.run_all(
        ["connector", "quarantine", "list", demo.folders.connector(publisher), "--json"]
        for publisher in FAULTY
    )
    for (publisher, reasons), line in zip(FAULTY.items(), printed, strict=True):
        entries = json.loads(line)["entries"]
        check(
            Counter(each["reason"] for each in entries) == reasons, f"{publisher.name} sets aside {reasons}"
        )
        for each in entries:
            demo.report.line(f"Quarantined at {publisher.name}: {each['reason']}, {each['place']}")


def check_standing(demo: Demo, *, later: bool) -> None:
    """Tell per source how many flags the index holds, and compare that with the stories."""
    running = demo.place.running(later=later)
    told = Counter((ORGANISATIONS[provider].source, signal_type(provider)) for _, provider in running)
    lines = [json.loads(line) for line in demo.index("source", "status", "--json").splitlines()]
    held = {(line["source"], line["type"]): line["flag_count"] for line in lines}
    check(held == told, "the index holds what the stories say")
    behind = {line["source_name"] for line in lines if not line["current"]}
    check(behind == {ADMINISTRATORS.name}, "every source is current but the one that is behind")
    demo.report.line(f"The index now holds {sum(told.values())} flags:")
    for line in lines:
        stands = "" if line["current"] else f", out of date: nothing since {line['as_of']}"
        demo.report.line(f"  {line['source_name']}: {line['flag_count']} x {line['type']}{stands}")


def oversee(demo: Demo) -> None:
    """What the privacy officer, the functioneel beheerder and a check of the log show; never a flag."""
    report = demo.report
    report.step("Oversight")
    relations = demo.index("relation", "list", "--as", GERT.staff_id).splitlines()
    check(len(relations) == len(demo.place.cases), "the functioneel beheerder sees every care relation")
    report.line(f"Functioneel beheerder: {len(relations)} care relations, by reference, such as")
    report.line(f"  {relations[0]}")
    listed = demo.index("audit", "list", "--as", INEKE.staff_id, "--json")
    records = [json.loads(line) for line in listed.splitlines()]
    events = Counter(record["gebeurtenis"] for record in records)
    answered, refused = demo.looks[httpx.codes.OK], demo.looks[httpx.codes.NOT_FOUND]
    check(events["lookup.answered"] == answered, f"all {answered} answered looks are on record")
    check(events["lookup.refused"] == refused, f"all {refused} refused looks are on record")
    report.line(f"Privacy officer: {len(records)} looks on record; the last {RECORDS_SHOWN}:")
    for record in reversed(records[:RECORDS_SHOWN]):
        report.line(f"  {_record_line(record)}")
    check_up(demo)


def check_up(demo: Demo) -> None:
    """Let the check-up find the one thing that is wrong in this municipality, and recompute the log."""
    printed = demo.index("doctor", "--deep", "--json", expect=1)
    found = [json.loads(line) for line in printed.splitlines()]
    to_mend = [each["text"] for each in found if each["state"] == "mend"]
    check(
        len(to_mend) == 1 and ADMINISTRATORS.name in to_mend[0], "only the source that is behind is to mend"
    )
    (log,) = (each["text"] for each in found if each["point"] == "log")
    in_order = Counter(each["state"] for each in found)["ok"]
    demo.report.line(f"signal-index doctor: {in_order} points are in order; the audit log: {log}.")
    demo.report.line(f"  One to mend: {to_mend[0]}")


def _record_line(record: Mapping[str, Any]) -> str:
    fields = record["velden"]
    number = f"{record['schrijver'][:8]}/{record['nummer']}"
    who = f"{record['tijdstip']}  {number}  {fields['actor']}  {fields['purpose']}"
    if "reason" in fields:
        return f"{who}  refused: {fields['reason']}"
    levels = Counter(each.partition(":")[2] for each in fields["allowed"])
    return f"{who}  allowed: {', '.join(f'{count} types up to {level}' for level, count in levels.items())}"


if __name__ == "__main__":
    sys.exit(main())
