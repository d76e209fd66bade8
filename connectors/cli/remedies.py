"""What is wrong with an entry of the quarantine, and what a person does about it, in plain words, by its code."""

from collections.abc import Mapping
from typing import Final

from connectors.caseload import REASONS
from connectors.explanations import EXPLANATIONS
from connectors.state import QuarantineEntry

_REFUSALS: Final[Mapping[str, str]] = {
    "source-not-registered": "this source and type are not in the settings, so nothing is published for them",
    "not-registered": "the index does not let this publisher speak for this source, type or organisation",
    "unknown-code": "the index does not know this type; check it against the catalogue",
    "person-mismatch": "the index knows this relation as somebody else's",
    "malformed-row": "the index does not accept what the row says, such as a month in the future",
}
_WHY: Final[Mapping[str, str]] = {**REASONS, **EXPLANATIONS, **_REFUSALS}
_NUMBER: Final = (
    "look the person up at the source and have her number put right there; it is never guessed from a name. "
    "Then take the new message in, and drop this entry as corrected"
)
_DATES: Final = (
    "ask the sender for a message with the right days, as they stand in the dossier; take it in, and drop this entry "
    "as corrected"
)
_ZAAK: Final = (
    "look the zaak up in its audit trail, and read it once more for the person who was in it, as the manual of this "
    "format shows; then drop this entry as corrected"
)
_CASE_SYSTEM: Final = (
    "have it put right in the case system, export again and take that in with `connector caseload`; then drop this "
    "entry as corrected. Until then the relation stays as it was"
)
_TO_DO: Final[Mapping[str, str]] = {
    "bsn-ambiguous": _NUMBER,
    "bsn-invalid": _NUMBER,
    "bsn-missing": _NUMBER,
    "date-implausible": _DATES,
    "end-before-start": _DATES,
    "end-invalid": _DATES,
    "end-missing": _DATES,
    "start-invalid": _DATES,
    "start-missing": _DATES,
    "answer-incomplete": "fetch the zaken again with expand=rollen,status, take that file in and drop this entry as "
    "corrected",
    "other-municipality": "when it is yours under another code, name that code in the settings and run `connector "
    "quarantine reread`; otherwise drop this entry as not-ours",
    "role-removed": _ZAAK,
    "zaak-destroyed": _ZAAK,
    "zaaktype-unlisted": "when its zaken are help that runs, list the type under [formats.zgw.zaaktypen] and run "
    "`connector quarantine reread`; otherwise drop this entry as not-ours",
    "action-unknown": _CASE_SYSTEM,
    "case-malformed": _CASE_SYSTEM,
    "members": _CASE_SYSTEM,
    "relation-id-invalid": _CASE_SYSTEM,
    "roles-missing": "fetch the cases again with expand=rollen, and take that file in with `connector caseload`; then "
    "drop this entry as corrected",
    "team-ambiguous": _CASE_SYSTEM,
    "value-invalid": _CASE_SYSTEM,
    "value-missing": _CASE_SYSTEM,
    "worker-missing": _CASE_SYSTEM,
    "organisation-not-registered": "compare the organisation in the file with [caseload] in the settings; when the "
    "relation is another organisation's, take it out of the export and drop this entry as not-ours",
    "person-changed": "in the case system, take the relation back as a mistake and register a new one for the right "
    "person; export that, take it in with `connector caseload`, and drop this entry as corrected",
    "person-mismatch": "find out in the case system whose relation this is; take it back as a mistake, register a new "
    "one, and drop this entry as corrected",
    "source-not-registered": "when this publisher is to publish for that source, have it registered at the index, put "
    "it under [[publications]] in the settings and run `connector quarantine reread`; otherwise drop this entry as "
    "not-ours",
    "malformed-row": "find the person in the list of `connector persons --export` and compare what is said with the "
    "dossier; a first day in the future goes by itself, so retry it then",
}
_OF_A_MESSAGE: Final = (
    "look at that place in the file, or ask its sender to; have it put right there, take the new message in, and drop "
    "this entry as corrected. Was it put right in the same file, or in the settings: `connector quarantine reread`"
)
_OF_THE_INDEX: Final = (
    "ask the index operator why the row was refused; when that is put right, `connector quarantine retry` with this "
    "number sends it again"
)


def why(reason: str) -> str:
    """Say what is wrong."""
    return _WHY.get(reason, "the index refused this row; ask its operator")


def to_do(entry: QuarantineEntry) -> str:
    """Say what to do about an entry."""
    return _TO_DO.get(entry.reason, _OF_A_MESSAGE if entry.wish is None else _OF_THE_INDEX)
