"""The example of the Wams and its report; `python tests/policy/proving/wams.py` writes the report anew."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[3]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from click.testing import CliRunner  # noqa: E402 - the tests are no package that is installed

from signal_index.cli import main  # noqa: E402
from tests.support.laying_over import laid_over, written_to  # noqa: E402

EXAMPLE = ROOT / "docs/examples/wams"
REPORT = EXAMPLE / "report.md"
SINCE = "2026-10-01"


def command(*words: str) -> str:
    """What a command about rules prints; it must end well."""
    result = CliRunner().invoke(main, ["rules", *words])
    assert result.exit_code == 0, result.output
    return result.output


def report(folder: Path, language: str = "nl") -> str:
    """What `rules diff` prints of this release and the example.

    Args:
        folder: An empty one, to lay the example over the rules in.
        language: Of the report.
    """
    new = written_to(folder, laid_over(EXAMPLE))
    return command("diff", str(ROOT / "policy/rules"), str(new), "--since", SINCE, "--language", language)


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        REPORT.write_text(report(Path(place)), encoding="utf-8")
