"""Suwi answers about one person: which benefit, student finance or education runs at UWV, municipality, SVB or DUO.

Invariants:
1. An answer tells all its source knows, so it says of each type of its register that it runs, ended or is not there,
   and replaces what an earlier answer said.
2. Wages, amounts, reasons, claims, fraud, special assistance, applications, partners, children and schools are never
   read.
3. A fault, a refusal to answer and a record that is not clear end nothing.

Whoever writes an answer can at most misstate that these types run at the source the settings name.
"""

from collections.abc import Iterator
from typing import Final

from connectors.formats import Format
from connectors.parsing import once_whole
from connectors.parsing.xml import Element, elements
from connectors.reading import Message, Reading

from .answers import PARTS, read_document
from .clients import readings
from .registers import Register, SuwiOptions, known_registers


def read(message: Message, options: SuwiOptions = SuwiOptions()) -> Iterator[Reading]:  # noqa: B008 - frozen
    """Read one Suwi answer, bare or in a SOAP envelope. See `reading.MessageReader`.

    An answer bears no date, so it is dated by `message.received`; that day also tells which of several periods counts.

    Yields:
        Per client what is set aside, then one observation for each type of the register; or why there are no data.

    Raises:
        FileRefused: hostile or malformed XML, or no answer of these registers in these versions.
    """
    name, received, known = message.name, message.received, known_registers(options)

    def client(element: Element, register: Register) -> Iterator[Reading]:
        return readings(element, register, name, received)

    return once_whole(
        lambda stream: read_document(elements(stream, name, PARTS, options.max_bytes), known, client, name),
        message,
        options.max_bytes,
    )


FORMAT: Final = Format(
    read,
    "Suwi answers: UWV inkomsten v0200, bijstandsregelingen v0500, SVB v0200, DUO persoon v0300 and stufi v0200",
    SuwiOptions,
)
