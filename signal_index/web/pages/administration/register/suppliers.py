"""Publishers: what each may deliver and for which organisations, with its key pasted as its key command made it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from starlette.responses import Response

from crypto.batch import BatchClass
from signal_index.errors import Malformed
from signal_index.model import Publisher, dutch_day
from signal_index.model.sourcing import SigningKey
from signal_index.usecases.sources import entries
from signal_index.usecases.sources.checks import Fault
from signal_index.usecases.sources.entries import Editing
from signal_index.usecases.sources.overview import Overview, entry_id
from signal_index.usecases.sources.pasted import read_publisher_key
from signal_index.usecases.sourcing.keys import fingerprint_of
from signal_index.web.markup.words import say
from signal_index.web.pages.forms import Form, typed_back
from signal_index.web.pages.visits import ADMINISTRATORS, Page, Visit

from .editing import CLASSES, DONE, changed, read_register

_DIGITS_OF_AN_AMOUNT = 5
_ANOTHER_KEY = say("Dit is de sleutel van een andere leverancier. Plak de sleutel van deze leverancier.")


@dataclass(frozen=True)
class _Filled:
    """The form of a publisher as it was filled in, in text."""

    key: str = ""
    name: str = ""
    items: str = ""
    classes: tuple[str, ...] = ()
    organisations: str = ""
    sure: bool = False

    @classmethod
    def of(cls, form: Form) -> "_Filled":
        key, name, items, organisations = (
            form.one(each) or "" for each in ("sleutel", "naam", "aantal", "organisaties")
        )
        return cls(key, name, items, tuple(form.many("levert")), organisations, form.one("zeker") == "ja")

    @classmethod
    def from_register(cls, known: Publisher) -> "_Filled":
        classes = tuple(each.value for each in known.classes)
        return cls(
            "", known.name, str(known.items_per_batch), classes, "\n".join(sorted(known.organisations))
        )

    def publisher(self, oin: str, keys: tuple[SigningKey, ...]) -> Publisher:
        """The same as an entry of the register, right or wrong."""
        items = self.items
        amount = (
            int(items) if items.isascii() and items.isdigit() and len(items) < _DIGITS_OF_AN_AMOUNT else 0
        )
        classes = frozenset(each for each in BatchClass if each.value in self.classes)
        return Publisher(oin, self.name, keys, amount, classes, frozenset(self.organisations.split()))

    def again(self) -> dict[str, object]:
        """What to show in the form once more; a key is not sent back."""
        return {
            "naam": typed_back(self.name),
            "aantal": typed_back(self.items),
            "levert": self.classes,
            "organisaties": typed_back(self.organisations),
        }


async def new_supplier(visit: Visit) -> Response:
    """The form for one more publisher."""
    return _form(visit, _Filled())


def _form(visit: Visit, filled: _Filled, errors: Sequence[Fault] = ()) -> Response:
    return visit.page(
        "administration/supplier_form.html",
        400 if errors else 200,
        errors=errors,
        supplier=None,
        fingerprints=(),
        done=None,
        classes=CLASSES,
        filled=filled.again(),
    )


async def add_supplier(visit: Visit) -> Response:
    """Add one, or say what to mend; then to its own page, where its fingerprint stands."""
    filled = _Filled.of(visit.form)
    added: list[str] = []

    def job(edit: Editing, _: Overview) -> None:
        key = read_publisher_key(filled.key)
        entries.add_publisher(edit, filled.publisher(key.oin, (SigningKey(key.verify_key),)))
        added.append(key.oin)

    faults = await changed(visit, job)
    if faults:
        return _form(visit, filled, faults)
    return visit.to("supplier", entry=entry_id("publisher", added[-1]), gedaan="toegevoegd")


async def show_supplier(visit: Visit) -> Response:
    """One publisher, with its form filled in."""
    return await _page_of(visit, None)


async def _page_of(visit: Visit, filled: _Filled | None, errors: Sequence[Fault] = ()) -> Response:
    register = await read_register(visit, "supplier")
    supplier = register.supplier(visit.param("entry"))
    shown = filled or _Filled.from_register(supplier.publisher)
    return visit.page(
        "administration/supplier_form.html",
        400 if errors else 200,
        errors=errors,
        supplier=supplier,
        fingerprints=_fingerprints(supplier.publisher, dutch_day(visit.now)),
        done=DONE.get(visit.request.query_params.get("gedaan", "")),
        classes=CLASSES,
        filled=shown.again(),
    )


def _fingerprints(publisher: Publisher, today: date) -> list[str]:
    """Of the keys that count today, or will; to be read aloud, as its own key command shows them."""
    kept = [each for each in publisher.keys if not each.is_over(today)]
    return [fingerprint_of(publisher.oin, each.verify_key) for each in kept]


async def change_supplier(visit: Visit) -> Response:
    """Change one, or say what to mend; without a pasted key it keeps those it has, with one it has no other."""
    named, filled = visit.param("entry"), _Filled.of(visit.form)

    def job(edit: Editing, register: Overview) -> None:
        known = register.supplier(named).publisher
        stated = filled.publisher(known.oin, known.keys)
        if filled.key:
            stated = replace(stated, keys=(SigningKey(_own_key(filled.key, known.oin)),))
            if not filled.sure:
                text = say("Vergelijk eerst de vingerafdruk door de telefoon. Vink dat dan aan.")
                raise Malformed("register-entry", text, (("zeker", text),))
        entries.change_publisher(edit, stated, sure=filled.sure)

    faults = await changed(visit, job)
    if faults:
        return await _page_of(visit, filled, faults)
    return visit.to("supplier", entry=named, gedaan="gewijzigd")


def _own_key(text: str, oin: str) -> bytes:
    key = read_publisher_key(text)
    if key.oin != oin:
        raise Malformed("pasted", _ANOTHER_KEY, (("sleutel", _ANOTHER_KEY),))
    return key.verify_key


PAGES = (
    Page(
        "/beheer/leveranciers/nieuw",
        "new_supplier",
        roles=ADMINISTRATORS,
        section="sources",
        get=new_supplier,
        post=add_supplier,
    ),
    Page(
        "/beheer/leveranciers/{entry:uuid}",
        "supplier",
        roles=ADMINISTRATORS,
        section="sources",
        get=show_supplier,
        post=change_supplier,
    ),
)
