"""Writes `docs/openapi.json` anew: what the whole interface says of itself (`make openapi`)."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from signal_index.web.app import Surface  # noqa: E402 - the tests are no package that is installed
from tests.index.api.conftest import rendered  # noqa: E402
from tests.index.conftest import World  # noqa: E402


def main() -> None:
    """Render and write."""
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            document = rendered(world, Surface.ALL)
        finally:
            world.database.close()
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    (ROOT / "docs/openapi.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
