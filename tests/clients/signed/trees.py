"""Random parameters: of no action, and of the actions that the official clients have methods for."""

import functools
import random
import string
import typing

from Tea.model import TeaModel

PIECES = [
    *("", " ", "  ", "+", "%", "%20", "&", "=", "*", "~", "/", "\\", '"', "'", "<", "?", "#", ":", ";", ",", "@", "$", "!", "()", "[]"),
    *("\n", "\r\n", "\t", "\0", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u202e", "\u200b", "\ufeff", "\ufffd"),
    *("é", "e\u0301", "ß", "İ", "漢字", "サ", "😀", "👩\u200d💻", "𝒳", "ا", "\uffff", "\U0010ffff"),
    *("a", "Z", "0", "-", "_", ".", "null", "true", "None", "1e5", "cn-hangzhou", "{{ x }}", "$base64", "${a}"),
]
"""What encoders treat in a way of their own."""

NAMES = string.ascii_letters + string.digits + "-_.~"
"""What a name may hold where the official clients sign names as they are, although the documents encode them."""


@functools.cache
def fields_of(model: type) -> dict:
    """Returns the fields of an official client's structure with their types."""
    return typing.get_type_hints(model.__init__)


class Trees:
    """A source of parameters. The same seed gives the same."""

    def __init__(self, seed: int):
        self.dice = random.Random(seed)

    def text(self) -> str:
        return "".join(self.dice.choice(PIECES) for _ in range(self.dice.choice((0, 1, 1, 2, 3, 5, 9))))

    def name(self, odd: bool) -> str:
        if odd and self.dice.random() < 0.3:
            return self.text() or "odd"
        return "".join(self.dice.choice(NAMES) for _ in range(self.dice.randint(1, 7)))

    def whole(self) -> int:
        bits = self.dice.choice((1, 4, 8, 16, 32, 53, 63))
        return self.dice.choice((-1, 1)) * self.dice.getrandbits(bits)

    def real(self) -> float:
        # Python and JSON write exponents in two ways: `exponents` in differences.py.
        return self.dice.choice((-1, 1)) * self.dice.choice((0.0, 0.5, 1.0, 0.1, self.dice.uniform(0.001, 1e9)))

    def leaf(self):
        kind = self.dice.random()
        if kind < 0.6:
            return self.text()
        if kind < 0.75:
            return self.whole()
        if kind < 0.85:
            return self.real()
        return None if kind < 0.9 else self.dice.random() < 0.5

    def tree(self, odd: bool, depth: int = 5):
        """Returns anything that JSON can hold."""
        kind = self.dice.random()
        if depth == 0 or kind < 0.5:
            return self.leaf()
        if kind < 0.75:
            return [self.tree(odd, depth - 1) for _ in range(self.dice.randint(0, 3))]
        return self.table(odd, depth - 1)

    def table(self, odd: bool, depth: int = 5) -> dict:
        return {self.name(odd): self.tree(odd, depth) for _ in range(self.dice.randint(0, 5))}

    def declared(self, declared: object, depth: int = 0):
        """Returns a value of a type that an official client declares; texts and numbers need not make sense."""
        if isinstance(declared, type) and issubclass(declared, TeaModel):
            fields = fields_of(declared)
            fewer = len(fields) if depth == 0 else 4
            chosen = {name for name in fields if self.dice.random() < min(1, 6 / max(1, fewer))}
            return declared(**{name: self.declared(fields[name], depth + 1) for name in fields if name in chosen})
        if typing.get_origin(declared) is list:
            (item,) = typing.get_args(declared)
            return [self.declared(item, depth + 1) for _ in range(self.dice.randint(0, 3))]
        if typing.get_origin(declared) is dict or declared is typing.Any:
            return ordered(self.table(odd=True, depth=3))
        return {str: self.text, int: self.whole, float: self.real, bool: lambda: self.dice.random() < 0.5}[declared]()

    def shuffled(self, value):
        """Returns the same value with its names in another order."""
        if isinstance(value, list):
            return [self.shuffled(item) for item in value]
        if not isinstance(value, dict):
            return value
        names = list(value)
        self.dice.shuffle(names)
        return {name: self.shuffled(value[name]) for name in names}


def ordered(value):
    """Returns the same value with its names in order, as this program writes JSON."""
    if isinstance(value, list):
        return [ordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: ordered(value[name]) for name in sorted(value)}


def leaves(value) -> int:
    """Counts what travels by itself."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return sum(map(leaves, value))
    return 0 if value is None else 1
