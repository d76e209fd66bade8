"""What every form of the feed shares: one file, its lines, and why a line or a whole file is no use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from connectors.explanations import EXPLANATIONS

COLUMNS: Final = (
    "actie",
    "relatie_id",
    "bsn",
    "organisatie",
    "team",
    "medewerker",
    "zaakreferentie",
    "van",
    "tot",
    "geregistreerd_door",
    "leeftijdsgroep",
    "leeftijdsgroep_wijzigt",
    "afgeschermd",
    "coordinator",
)
FEED_BYTES_MAX: Final = 64 * 1024 * 1024
"""Half a million relations: more than any organisation has, and it fits in memory."""

_LIKE_MESSAGES: Final = ("compressed", "duplicate-key", "not-json", "too-deep", "unreadable")

REFUSALS: Final[Mapping[str, str]] = {
    **{code: EXPLANATIONS[code] for code in _LIKE_MESSAGES},
    "too-large": "the file, or one field in it, is larger than the limit",
    "bad-encoding": "the bytes are not UTF-8; save the file as UTF-8",
    "nul": "there is a NUL character in it, so this is not a text file",
    "not-csv": "the quotes do not match; export the file again",
    "columns": "the first line does not name exactly the columns of the feed",
    "fields": "a line does not have as many fields as the first one; the file may have been cut off",
    "empty": "there is no line in it; a complete feed without a single relation is not believed",
    "most-would-end": "more than half of the relations would end; if that is meant, say so with --ends-most",
    "cut-off": "the last line has no end, so a complete feed may have been cut off; export it again",
    "not-a-list": "this is no list of relations and no line holds one; see the manual for the forms a feed may have",
    "not-cases": "this is no case, no list of cases and no answer with one; see the manual for the forms it may have",
    "page": "there are more pages than this one; a complete feed is one file with every case",
}
"""Why a whole file is refused."""

REASONS: Final[Mapping[str, str]] = {
    **{code: EXPLANATIONS[code] for code in ("bsn-ambiguous", "bsn-invalid", "bsn-missing")},
    "action-unknown": "the action is not registreren, wijzigen, beeindigen or vergissing",
    "value-missing": "this field may not be empty",
    "value-invalid": "the value does not have the form this field needs",
    "relation-id-invalid": "the relation id is not a UUID",
    "organisation-not-registered": "the relation is of another organisation than the settings name",
    "person-changed": "this relation was about another person; take it back as a mistake and register a new one",
    "members": "the object has a member that no relation has, or one that does not hold a text",
    "case-malformed": "this is no case with a type and a UUID, so its relations cannot be told from others",
    "roles-missing": "the roles of the case are not in the file; ask for them with expand=rollen",
    "worker-missing": "a role of a member of staff does not say of whom",
    "team-ambiguous": "more than one organisational unit handles the case",
}
"""Why one line is set aside."""


class FeedRefused(Exception):
    """A whole file is refused; nothing from it is taken in.

    Args:
        code: key of `REFUSALS`.
        place: file and line.
    """

    def __init__(self, code: str, place: str) -> None:
        super().__init__(f"{place}: {code}: {REFUSALS[code]}")
        self.code = code


class LineFault(Exception):
    """One line cannot be used: a key of `REASONS`, and the column if one is to blame."""

    def __init__(self, code: str, column: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.column = column


@dataclass(frozen=True)
class Line:
    """What a file says about one relation.

    Args:
        place: file and position.
        values: text per name of `COLUMNS`, all of them; empty where the file says nothing.
        names: what the file itself calls a column, for people to find it: `, column team`.
        fault: why it cannot be used, whatever its values.
        case: reference of the case it belongs to, where the form tells; a line that does not say which relation it is
            about then withholds the endings of that case, and otherwise all of them.
    """

    place: str
    values: Mapping[str, str]
    names: Callable[[str], str] = field(default=", column {}".format)
    fault: LineFault | None = None
    case: str | None = None


@dataclass(frozen=True)
class WholeCase:
    """A case about which the lines around it say everything: another relation of it has ended.

    Args:
        last_day: of the case; None while it runs.
    """

    reference: str
    last_day: date | None = None


@dataclass(frozen=True)
class Feed:
    """One file as it was read.

    Args:
        name: what places call it; without personal data.
        read: yields what is in it, in order; raises `FeedRefused` where it proves unreadable, so use nothing of it
            before the end.
        complete: it lists every live relation, so what is missing has ended.
        may_end_most: a complete file may end more than half of the relations.
    """

    name: str
    content: bytes
    read: "Callable[[Feed], Iterator[Line | WholeCase]]"
    complete: bool = False
    may_end_most: bool = False
