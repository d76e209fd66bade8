"""The organisations of the invented municipality: who sends messages, who signs batches, who works there.

All names, codes and phone numbers are invented; the OINs carry the prefix set aside for tests.

Source: Logius OIN-Stelsel, prefix 99.
"""

from dataclasses import dataclass

NAME = "Veldermeer"
CODE = "9958"  # no municipality has this code
CASE_SYSTEM_USER = "regiesysteem"


@dataclass(frozen=True)
class Organisation:
    """One source of help: who it is, what it sends, and whom to phone."""

    source: str
    name: str
    publisher: str
    contact_name: str
    contact_phone: str

    @property
    def number(self) -> str:
        """The AGB or KvK number without its prefix, as it stands in the organisation's own messages."""
        return self.source.partition(":")[2]


@dataclass(frozen=True)
class PublisherOrganisation:
    """An organisation that signs batches.

    Args:
        folder: its place in the run directory.
        reads: format of the messages it has: `iwmo`, `ddas`, `csv`, `jsonl` or `caseload`.
        items_per_batch: the fixed size of its batches.
        behind_days: how long ago its last messages came in.
    """

    oin: str
    name: str
    folder: str
    reads: str
    items_per_batch: int
    behind_days: int = 0

    @property
    def batch_class(self) -> str:
        """What its batches carry."""
        return "zorgrelatie" if self.reads == "caseload" else "signaal"

    @property
    def key_file(self) -> str:
        """The name under which others keep its public key."""
        return f"{self.folder}.public.json"


MUNICIPALITY = PublisherOrganisation(
    "00000099000000009958", f"Gemeente {NAME}", "publisher-gemeente", "iwmo", items_per_batch=64
)
DEBT_HELP = PublisherOrganisation(
    "00000099000000000731", "Schuldhulp De Vaart", "publisher-schuldhulp", "ddas", items_per_batch=32
)
WORK_AND_INCOME = PublisherOrganisation(
    "00000099000000000620", f"Werkplein {NAME}", "publisher-werkplein", "csv", items_per_batch=32
)
# Older than the 70 days after which a list of this kind counts as out of date.
ADMINISTRATORS = PublisherOrganisation(
    "00000099000000000515",
    "Bewindvoering De Sleutel",
    "publisher-bewindvoering",
    "jsonl",
    items_per_batch=32,
    behind_days=100,
)
CASE_SYSTEM = PublisherOrganisation(
    "00000099000000000842", f"Regiesysteem {NAME}", "publisher-regiesysteem", "caseload", items_per_batch=64
)
PUBLISHERS = (MUNICIPALITY, DEBT_HELP, WORK_AND_INCOME, ADMINISTRATORS, CASE_SYSTEM)

ORGANISATIONS = {
    "wmo-1": Organisation(
        "agb:99010011", "Thuiszorg Lindelaan", MUNICIPALITY.oin, "Klantcontact Lindelaan", "085-0000101"
    ),
    "wmo-2": Organisation(
        "agb:99010022", "Dagcentrum De Boei", MUNICIPALITY.oin, "Balie De Boei", "085-0000102"
    ),
    "jeugd-1": Organisation(
        "agb:99020033", "Jeugdhulp Kompas", MUNICIPALITY.oin, "Bureaudienst Kompas", "085-0000103"
    ),
    "jeugd-2": Organisation(
        "agb:99020044", "Praktijk De Kiezel", MUNICIPALITY.oin, "Aanmelding De Kiezel", "085-0000104"
    ),
    "schuldhulp": Organisation(
        "kvk:99030055", "Schuldhulp De Vaart", DEBT_HELP.oin, "Team Intake De Vaart", "085-0000105"
    ),
    # One organisation, two kinds of help, each with a desk of its own.
    "bijstand": Organisation(
        f"gemeente:{CODE}", WORK_AND_INCOME.name, WORK_AND_INCOME.oin, "Team Inkomen", "085-0000106"
    ),
    "werk": Organisation(
        f"gemeente:{CODE}", WORK_AND_INCOME.name, WORK_AND_INCOME.oin, "Team Werk", "085-0000107"
    ),
    "bewind": Organisation(
        "kvk:99040066", ADMINISTRATORS.name, ADMINISTRATORS.oin, "Secretariaat De Sleutel", "085-0000108"
    ),
}


SIGNAL_TYPES = {
    "wmo": "wmo-voorziening",
    "jeugd": "jeugdhulp",
    "schuldhulp": "schuldhulptraject",
    "bijstand": "bijstandsuitkering",
    "werk": "participatie-traject",
    "bewind": "beschermingsbewind",
}


def signal_type(provider: str) -> str:
    """The kind of help that this entry of `ORGANISATIONS` gives."""
    return SIGNAL_TYPES[provider.partition("-")[0]]


@dataclass(frozen=True)
class Employee:
    """Somebody who works with the index; the name is invented, like all others."""

    staff_id: str
    name: str
    team: str
    role: str
    employer: PublisherOrganisation = MUNICIPALITY

    @property
    def email(self) -> str:
        """A work address where nobody can be reached."""
        return f"{self.staff_id}@veldermeer.invalid"


TEAMS = ("noord", "zuid")
STAFF = (
    Employee("wt-101", "Noor de Wit", "noord", "wijkteammedewerker"),
    Employee("wt-102", "Pepijn Aalders", "noord", "wijkteammedewerker"),
    Employee("wt-103", "Samira Haddou", "noord", "wijkteammedewerker"),
    Employee("wt-201", "Thijs Veenhof", "zuid", "wijkteammedewerker"),
    Employee("wt-202", "Yasmin Okutan", "zuid", "wijkteammedewerker"),
    Employee("wt-203", "Wout Brandsema", "zuid", "wijkteammedewerker"),
    Employee("tl-100", "Marga Verkerk", "noord", "teamleider"),
    Employee("tl-200", "Ruud Hoekzema", "zuid", "teamleider"),
    Employee("po-001", "Ineke Sonneveld", "privacy", "privacy-officer"),
    Employee("po-002", "Joris Wolters", "privacy", "privacy-officer"),
    Employee("fb-001", "Gert Olthof", "beheer", "functioneel-beheerder"),
    Employee("fb-002", "Hanneke Dorst", "beheer", "functioneel-beheerder"),
    Employee("bb-001", "Els Brinkhuis", "inkomen", "bronbeheerder", WORK_AND_INCOME),
)
WORKERS = tuple(employee for employee in STAFF if employee.role == "wijkteammedewerker")
NOOR, PEPIJN, SAMIRA, _, YASMIN, _ = WORKERS
MARGA, GERT, HANNEKE, INEKE, ELS = (
    next(employee for employee in STAFF if employee.staff_id == staff_id)
    for staff_id in ("tl-100", "fb-001", "fb-002", "po-001", "bb-001")
)
