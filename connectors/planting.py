"""A stranger in the place of every leaf of a message, to see whether it comes out anywhere. For `testing` only."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from lxml import etree


def planted(content: bytes, stranger: str) -> Iterator[bytes]:
    """Yield the message once for every leaf of it, with this text in the leaf's place.

    Args:
        content: XML, JSON, JSON Lines or CSV, told by its first character.
        stranger: the text.
    """
    first = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if first == b"<":
        yield from _planted_xml(content, stranger)
    elif first in (b"{", b"["):
        yield from _planted_json(content, stranger)
    else:
        yield from _planted_csv(content, stranger)


def _planted_xml(content: bytes, stranger: str) -> Iterator[bytes]:
    root = etree.fromstring(content)
    for element in root.iter(etree.Element):
        if not len(element):
            kept, element.text = element.text, stranger
            yield etree.tostring(root, xml_declaration=True, encoding="UTF-8")
            element.text = kept
        for key in element.attrib:
            kept, element.attrib[key] = element.attrib[key], stranger
            yield etree.tostring(root, xml_declaration=True, encoding="UTF-8")
            element.attrib[key] = kept


def _planted_json(content: bytes, stranger: str) -> Iterator[bytes]:
    try:
        documents = [json.loads(content)]
    except ValueError:
        documents = [json.loads(line) for line in content.splitlines() if line.strip()]
    for number, document in enumerate(documents):
        for other in _replaced(document, stranger):
            changed = [*documents[:number], other, *documents[number + 1 :]]
            yield "\n".join(json.dumps(each) for each in changed).encode()


def _replaced(value: Any, stranger: str) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """Yield the value once for every leaf and every key in it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield {stranger if each == key else each: value[each] for each in value}
            yield from ({**value, key: other} for other in _replaced(item, stranger))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in _replaced(item, stranger))
    else:
        yield stranger


def _planted_csv(content: bytes, stranger: str) -> Iterator[bytes]:
    text = content.decode("utf-8-sig")
    separator = ";" if ";" in text.partition("\n")[0] else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    for number, row in enumerate(rows):
        for place in range(len(row)):
            changed = [*row[:place], stranger, *row[place + 1 :]]
            written = io.StringIO()
            csv.writer(written, delimiter=separator).writerows([*rows[:number], changed, *rows[number + 1 :]])
            yield written.getvalue().encode()
