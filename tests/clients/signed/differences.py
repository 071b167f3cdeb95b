"""Where this program deliberately writes something else than the Python clients, and whether they still differ.

What is listed here is kept out of the comparison, or handed to the clients as this program would write it.
"""

from alibabacloud_tea_openapi.utils import Utils, get_canonical_query_string


def still_there() -> None:
    booleans()
    exponents()
    names()
    order()


def booleans() -> None:
    """Python writes `True` outside of JSON; the documents say `true`."""
    assert Utils.query({"DryRun": True}) == {"DryRun": "True"}


def exponents() -> None:
    """Python writes numbers of many digits with an exponent; the documents know decimals only. Inside of JSON both
    write one, each in its own way."""
    assert Utils.query({"A": 1e-7, "B": 1e20}) == {"A": "1e-07", "B": "1e+20"}
    assert Utils.array_to_string_with_specified_style([1e20], "A", "json") == "[1e+20]"


def names() -> None:
    """The signature's documents encode names as well as values. The clients do so in the old scheme only, so that the
    signature of a name with a space is none that a server would compute; the old one is compared for such names."""
    assert get_canonical_query_string({"A B": "c d"}) == "A B=c%20d"


def order() -> None:
    """In JSON the clients keep the order of names, and this program has one order, by which equal calls are equal."""
    assert Utils.array_to_string_with_specified_style({"b": 1, "a": 2}, "A", "json") == '{"b":1,"a":2}'
