"""A strict binding to the ristretto255 functions of the system's libsodium.

Invariants:
1. Every argument is measured before the call and every return code is looked at after it.
2. A library that is absent, too old or built with other sizes is refused before its first use.
3. Calls release the interpreter lock, so threads can multiply side by side.

The all-zero encoding of the identity element can come out of `add` and `subtract`, and is a valid point to
libsodium; keeping it out is the task of `crypto.group`.
Whoever can replace the library file can read every secret of the process: install it from the distribution.
"""

import ctypes
from collections.abc import Callable
from typing import Any, Final, Self

from crypto.errors import KeyFault, MalformedInput

LIBRARY: Final = "libsodium.so.23"
POINT_BYTES: Final = 32
SCALAR_BYTES: Final = 32
HASH_BYTES: Final = 64

# The library's own interface number; ristretto255 came with release 1.0.18, which calls itself 10.3.
_OLDEST: Final = (10, 3)
_SIZES: Final = {
    "crypto_core_ristretto255_bytes": POINT_BYTES,
    "crypto_core_ristretto255_hashbytes": HASH_BYTES,
    "crypto_core_ristretto255_scalarbytes": SCALAR_BYTES,
    "crypto_core_ristretto255_nonreducedscalarbytes": HASH_BYTES,
    "crypto_scalarmult_ristretto255_bytes": POINT_BYTES,
    "crypto_scalarmult_ristretto255_scalarbytes": SCALAR_BYTES,
}


class Sodium:
    """The loaded library; make one with `load`.

    Args:
        library: An opened libsodium. It is initialised and checked here.

    Raises:
        KeyFault: Too old, other sizes, a function is missing, or it cannot initialise.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        _check(library)
        core = "crypto_core_ristretto255_"
        self._is_valid_point = _bind(library, core + "is_valid_point", 1, ctypes.c_int)
        self._from_hash = _bind(library, core + "from_hash", 2, ctypes.c_int)
        self._add = _bind(library, core + "add", 3, ctypes.c_int)
        self._subtract = _bind(library, core + "sub", 3, ctypes.c_int)
        self._scalar_random = _bind(library, core + "scalar_random", 1, None)
        self._scalar_add = _bind(library, core + "scalar_add", 3, None)
        self._scalar_multiply = _bind(library, core + "scalar_mul", 3, None)
        self._scalar_reduce = _bind(library, core + "scalar_reduce", 2, None)
        self._multiply = _bind(library, "crypto_scalarmult_ristretto255", 3, ctypes.c_int)
        self._base_multiply = _bind(library, "crypto_scalarmult_ristretto255_base", 2, ctypes.c_int)

    @classmethod
    def load(cls, path: str = LIBRARY) -> Self:
        """Open, initialise and check the library.

        Args:
            path: Name for the system's loader, or the path of a library file.

        Raises:
            KeyFault: It is not there, or not one we can use.
        """
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            raise KeyFault(f"cannot load {path}: install it with `apt-get install libsodium23`") from error
        return cls(library)

    def is_valid_point(self, point: bytes) -> bool:
        """Tell whether 32 bytes are the canonical encoding of a group element, the identity included."""
        measure(point, POINT_BYTES)
        return bool(self._is_valid_point(point) == 1)

    def from_hash(self, uniform: bytes) -> bytes:
        """Map 64 uniform bytes to a group element.

        Source: RFC 9496 §4.3.4.
        """
        measure(uniform, HASH_BYTES)
        return _result(POINT_BYTES, self._from_hash, uniform)

    def add(self, left: bytes, right: bytes) -> bytes:
        """Add two points; the sum may be the identity (all zero)."""
        measure(left, POINT_BYTES)
        measure(right, POINT_BYTES)
        return _result(POINT_BYTES, self._add, left, right)

    def subtract(self, left: bytes, right: bytes) -> bytes:
        """Take `right` away from `left`; the difference may be the identity (all zero)."""
        measure(left, POINT_BYTES)
        measure(right, POINT_BYTES)
        return _result(POINT_BYTES, self._subtract, left, right)

    def multiply(self, scalar: bytes, point: bytes) -> bytes:
        """Multiply a point by a secret scalar, in constant time.

        Raises:
            MalformedInput: The point is not valid, or the product is the identity.
        """
        measure(scalar, SCALAR_BYTES)
        measure(point, POINT_BYTES)
        return _result(POINT_BYTES, self._multiply, scalar, point)

    def base_multiply(self, scalar: bytes) -> bytes:
        """Multiply the generator by a secret scalar, in constant time.

        Raises:
            MalformedInput: The scalar is zero.
        """
        measure(scalar, SCALAR_BYTES)
        return _result(POINT_BYTES, self._base_multiply, scalar)

    def scalar_random(self) -> bytes:
        """Draw a scalar uniformly from 1 to the group order less one."""
        return _result(SCALAR_BYTES, self._scalar_random)

    def scalar_add(self, left: bytes, right: bytes) -> bytes:
        """Add two scalars modulo the group order, in constant time; the sum may be zero."""
        measure(left, SCALAR_BYTES)
        measure(right, SCALAR_BYTES)
        return _result(SCALAR_BYTES, self._scalar_add, left, right)

    def scalar_multiply(self, left: bytes, right: bytes) -> bytes:
        """Multiply two scalars modulo the group order, in constant time."""
        measure(left, SCALAR_BYTES)
        measure(right, SCALAR_BYTES)
        return _result(SCALAR_BYTES, self._scalar_multiply, left, right)

    def scalar_reduce(self, wide: bytes) -> bytes:
        """Reduce 64 little-endian bytes modulo the group order, in constant time."""
        measure(wide, HASH_BYTES)
        return _result(SCALAR_BYTES, self._scalar_reduce, wide)


def measure(value: bytes, size: int) -> None:
    """Check one argument.

    Raises:
        MalformedInput: Not `bytes`, or another number of them.
    """
    # The library reads past the end of anything shorter, so the exact type matters as well as the length.
    if type(value) is not bytes or len(value) != size:
        raise MalformedInput(f"expected exactly {size} bytes")


def _result(size: int, function: Callable[..., Any], *inputs: bytes) -> bytes:
    out = ctypes.create_string_buffer(size)
    # A function without a return code yields None, one with a return code yields 0 for success.
    if function(out, *inputs) not in (None, 0):
        raise MalformedInput("libsodium refused a group element or scalar")
    return out.raw


def _bind(
    library: ctypes.CDLL, name: str, arguments: int, result: type[ctypes.c_int | ctypes.c_size_t] | None
) -> Callable[..., Any]:
    try:
        function = getattr(library, name)
    except AttributeError as error:
        raise KeyFault(f"this libsodium has no {name}: install release 1.0.18 or newer") from error
    function.argtypes = [ctypes.c_char_p] * arguments
    function.restype = result
    return function  # type: ignore[no-any-return] # ctypes types a foreign function as Any


def _number(library: ctypes.CDLL, name: str, kind: type[ctypes.c_int | ctypes.c_size_t]) -> int:
    return int(_bind(library, name, 0, kind)())


def _check(library: ctypes.CDLL) -> None:
    # Zero is "initialised now", one is "was initialised already"; anything else leaves no random numbers.
    if _number(library, "sodium_init", ctypes.c_int) not in (0, 1):
        raise KeyFault("libsodium cannot initialise: the system gives it no random numbers")
    version = tuple(
        _number(library, f"sodium_library_version_{part}", ctypes.c_int) for part in ("major", "minor")
    )
    if version < _OLDEST:
        raise KeyFault("libsodium is older than 1.0.18: install a newer libsodium23")
    if any(_number(library, name, ctypes.c_size_t) != size for name, size in _SIZES.items()):
        raise KeyFault(
            "libsodium works with other sizes than expected: install the distribution's libsodium23"
        )
