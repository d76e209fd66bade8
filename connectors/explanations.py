"""Every sentence a reader may show, by its code. Nothing taken from a message ever becomes part of one."""

from collections.abc import Mapping
from typing import Final

EXPLANATIONS: Final[Mapping[str, str]] = {
    # about a traject that was understood
    "application-only": "somebody applied, but nothing was granted yet, so no traject runs",
    "ended": "the last day lies before the as-of date",
    "municipality-unreadable": "the municipality code is not four digits, so none is reported",
    "moved-away": "the person lives outside the municipalities of this index, so her sources publish elsewhere",
    "not-started": "the first day lies after the as-of date",
    "nothing-running": "none of the trajecten read for this person, source and type runs on the as-of date",
    "refused": "help was refused, so there is no traject",
    "removed-by-source": "the source took its start message back",
    "stop-removed": "the source took its stop message back, so the traject runs on",
    "temporarily-stopped": "the source paused the traject; the flag stays",
    "unchanged-by-source": "the source says nothing changed",
    # about an answer without a traject
    "look-up-needed": "the notification names no person; fetch what it points at, and read that",
    "nothing-found": "the source knows nothing about this person",
    "residence": "where the person lives; her sources act on it, and no flag carries it",
    # why one record is set aside
    "bsn-ambiguous": "more than one BSN stands in one client record",
    "bsn-invalid": "the BSN is not a text of nine digits that passes the eleven-test",
    "bsn-missing": "there is no BSN",
    "client-missing": "no client is named",
    "date-implausible": "a date lies before 1900 or more than ten years after the as-of date",
    "end-before-start": "the last day lies before the first",
    "end-invalid": "the end date is not a date as this format writes one (YYYY-MM-DD; in lines also dd-mm-yyyy)",
    "end-missing": "a stop needs an end date",
    "message-date-invalid": "the message is not dated as YYYY-MM-DD, so it cannot be put in order",
    "record-malformed": "the record does not have the form this message prescribes",
    "sender-invalid": "the sender is not an AGB code of eight digits",
    "source-unknown": "the delivering organisation has no usable identification number",
    "start-invalid": "the start date is not a date as this format writes one (YYYY-MM-DD; in lines also dd-mm-yyyy)",
    "start-missing": "there is no start date",
    "status-unknown": "the StatusAanlevering is not 1, 2, 3 or 9",
    # why the source said nothing
    "not-entitled": "the source does not answer to this organisation; its flags stay as they are",
    "source-fault": "the source answered with a fault; its flags stay as they are",
    # why a whole file is refused
    "bad-encoding": "the bytes do not agree with the character encoding; save it as UTF-8, or as it declares",
    "compressed": "this is a compressed file; unpack it first",
    "doctype": "a DOCTYPE is not accepted; these messages never carry one",
    "duplicate-key": "a JSON object has the same key twice; ask the sender for a valid file",
    "empty": "the file is empty; fetch it again",
    "format-fault": "the format itself has a fault; report the place in it to whoever maintains it",
    "format-off": "this format is off until the settings switch it on; read in the manual what the law asks first",
    "header-invalid": "the header is not the one this format prescribes; ask the sender for a valid file",
    "header-missing": "the header does not come before what it is about; ask the sender for a valid message",
    "message-code-mismatch": "the BerichtCode does not belong to the message type of the root element",
    "not-ddas": "this is not a DDAS schuldhulp delivery (an object with a list named leveringen)",
    "not-json": "this is not well-formed JSON, or it was cut off; fetch it again",
    "not-well-formed": "this is not well-formed XML, or it was cut off; fetch it again",
    "too-deep": "elements are nested deeper than any of these messages allows",
    "too-large": "the file, or one value in it, is larger than the limit",
    "unreadable": "the file cannot be opened or read; check its path and permissions",
    "unsupported-message": "this format does not read such messages; see `signal-index connector formats`",
    "unsupported-version": "only version 3 of iWmo and iJw is read; ask the sender for that version",
}
