"""Deciding on recorded facts is for explaining alone: whoever may make up the facts may see anything."""

from pathlib import Path

NAME = "decide_again"
MAY = {"signal_index/enforcement.py", "signal_index/usecases/rulebook/replaying.py"}


def test_only_the_replay_of_records_decides_on_recorded_facts(
    project: Path, product_code: list[Path]
) -> None:
    naming = {
        str(file.relative_to(project)) for file in product_code if NAME in file.read_text(encoding="utf-8")
    }
    assert naming == MAY
