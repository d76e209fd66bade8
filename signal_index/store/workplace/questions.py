"""Questions about signals that seem wrong, found by tags of the flag, the asker and the source.

Invariants:
1. A question is opened only if every column that stands outside its seals agrees with what is inside.
2. A question tells which flag there is, so person, source and type stand sealed and under tags only.

Whoever takes the table sees references, how many questions are one unknown worker's or about one unknown source or
flag, and until when an answer is due.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from crypto.chain import Pseudonym
from crypto.encoding import decode, encode
from crypto.sealing import RowKeys
from signal_index.model.workplace import Question, Verdict
from signal_index.ports import workplace as ports
from signal_index.store import schema
from signal_index.store.cells import Cells
from signal_index.store.queries import Query
from signal_index.store.sql import AnyRow, upsert

from .bodies import (
    agree,
    day_text,
    fetch,
    open_body,
    read_day,
    read_day_if_any,
    read_text_if_any,
    text_if_any,
)

BODY_BYTES: Final = 320
"""Source and type (64 each at most, as in `series`), a staff id (40), an organisation (20), a relation id (16), three
days (30) and the answer (10) take 244; with what the encoding and the padding add, 298."""

_FIELDS: Final = 9
_question = schema.questions.c
_ALL = select(*schema.questions.columns)
_GET = Query(_ALL.where(_question.reference == bindparam("reference")))
_ABOUT = Query(_ALL.where(_question.flag_tag == bindparam("tag")))
_ASKED_BY = Query(_ALL.where(_question.asker_tag == bindparam("tag")))
_OF_SOURCE = Query(_ALL.where(_question.source_tag == bindparam("tag")))
_PUT = upsert(schema.questions)
_REMOVE_OLDER = delete(schema.questions).where(_question.due_on < bindparam("day"))


class SqlQuestions:
    """The table of questions, see `signal_index.ports.workplace.Questions`.

    Args:
        connection: with the transaction that the engine holds open.
        keys: row keys of the scope.
    """

    def __init__(self, connection: Connection, keys: RowKeys) -> None:
        self._connection = connection
        self._cells = Cells(keys, "questions")

    def put(self, question: Question) -> None:
        """Insert or replace a question as a whole."""
        row = _row(question.reference)
        self._connection.execute(
            _PUT,
            {
                "reference": question.reference,
                **self._outside(question),
                "sealed_person": self._cells.seal("sealed_person", row, question.person.encoded),
                "sealed_body": self._cells.seal("sealed_body", row, _body(question), BODY_BYTES),
                "key_epoch": self._cells.keys.epoch,
            },
        )

    def get(self, reference: str) -> Question | None:
        """One question."""
        found = self._many(_GET, {"reference": reference})
        return found[0] if found else None

    def about(self, person: Pseudonym, source: str, type_code: str) -> Sequence[Question]:
        """Questions about one flag, answered or not, newest first."""
        return self._newest_first(_ABOUT, self._flag_tag(person, source, type_code))

    def asked_by(self, organisation: str, worker: str) -> Sequence[Question]:
        """Questions of one worker, newest first."""
        return self._newest_first(_ASKED_BY, self._asker_tag(organisation, worker))

    def of_source(self, source: str) -> Sequence[Question]:
        """Questions about one source's flags, oldest first."""
        return self._many(_OF_SOURCE, {"tag": self._source_tag(source)})

    def remove_older(self, due_before: date) -> int:
        """Remove questions whose due date lies before this day; how many there were."""
        return self._connection.execute(_REMOVE_OLDER, {"day": due_before}).rowcount

    def _newest_first(self, query: Query, tag: bytes) -> list[Question]:
        return self._many(query, {"tag": tag})[::-1]

    def _many(self, query: Query, parameters: Mapping[str, object]) -> list[Question]:
        rows = fetch(self._connection, "questions", query, parameters)
        questions = [self._opened(row) for row in rows]
        return sorted(questions, key=lambda question: (question.asked_on, question.reference))

    def _flag_tag(self, person: Pseudonym, source: str, type_code: str) -> bytes:
        return self._cells.tag("flag_tag", person.encoded, source, type_code)

    def _asker_tag(self, organisation: str, worker: str) -> bytes:
        return self._cells.tag("asker_tag", organisation, worker)

    def _source_tag(self, source: str) -> bytes:
        return self._cells.tag("source_tag", source)

    def _outside(self, question: Question) -> dict[str, object]:
        return {
            "flag_tag": self._flag_tag(question.person, question.source, question.type),
            "asker_tag": self._asker_tag(question.organisation, question.asked_by),
            "source_tag": self._source_tag(question.source),
            "due_on": question.due_on,
        }

    def _opened(self, row: AnyRow) -> Question:
        key = _row(row.reference)
        person = Pseudonym(self._cells.unseal("sealed_person", key, row.sealed_person))
        question = open_body(
            self._cells, key, row.sealed_body, BODY_BYTES, lambda body: _read(body, row.reference, person)
        )
        agree("questions", row, self._outside(question))
        return question


def _row(reference: str) -> bytes:
    return encode("questions", reference)


def _body(question: Question) -> bytes:
    return encode(
        "question",
        question.organisation,
        question.asked_by,
        question.relation_id,
        question.source,
        question.type,
        day_text(question.asked_on),
        day_text(question.due_on),
        text_if_any(question.verdict),
        day_text(question.answered_on),
    )


def _read(body: bytes, reference: str, person: Pseudonym) -> tuple[Question, bytes]:
    organisation, asker, relation_id, source, type_code, *rest = decode("question", body, _FIELDS)
    asked, due, verdict, answered = rest
    answer = read_text_if_any(verdict)
    question = Question(
        reference=reference,
        organisation=organisation.decode(),
        asked_by=asker.decode(),
        relation_id=relation_id,
        person=person,
        source=source.decode(),
        type=type_code.decode(),
        asked_on=read_day(asked),
        due_on=read_day(due),
        verdict=None if answer is None else Verdict(answer),
        answered_on=read_day_if_any(answered),
    )
    return question, _body(question)


_: type[ports.Questions] = SqlQuestions
