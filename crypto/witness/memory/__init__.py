"""What a witness remembers.

`file` is how it stands on disk, `checks` whether it is sound, `turns` how it is used, `evidence` what people get of it.
"""

from crypto.witness.memory.file import Entry
from crypto.witness.memory.turns import Memory, Turn

__all__ = ["Entry", "Memory", "Turn"]
