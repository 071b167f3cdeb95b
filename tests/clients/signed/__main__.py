"""Writes random parameters and what the official clients make of them, a line of JSON each.

    python -m signed SEED COUNT        in tests/clients
"""

import copy
import json
import sys

from . import differences
from .official import Official, documented, methods, signed, without_legacy
from .trees import Trees, leaves


def main(seed: int, count: int) -> None:
    differences.still_there()
    trees, official, known = Trees(seed), Official(), methods()
    for number in range(count):
        dice = trees.dice
        official.date = f"20{dice.randint(10, 99)}-{dice.randint(10, 12)}-{dice.randint(10, 28)}T10:20:{dice.randint(10, 59)}Z"
        official.nonce = f"{dice.getrandbits(128):032x}"
        token = dice.choice((None, "token+/=="))
        make = of_no_action if number % 2 else of_an_action
        line = make(trees, official, token, known)
        line |= {"date": official.date, "nonce": official.nonce, "token": token}
        print(json.dumps(line))


def of_no_action(trees: Trees, official: Official, token, _) -> dict:
    """A query and a form of any shape. Every other one has names that the clients sign otherwise than documented."""
    odd = trees.dice.random() < 0.5
    query = unambiguous(trees, odd)
    form = unambiguous(trees, odd) if trees.dice.random() < 0.5 else {}
    request = official.generic(token, documented(query), documented(form))
    return {"query": query, "form": form, "official": signed(request, plain_names=not odd)}


def unambiguous(trees: Trees, odd: bool) -> dict:
    """Two values that would travel by one name are no parameters: neither side knows which is meant."""
    from alibabacloud_tea_openapi.utils import Utils

    while True:
        table = trees.table(odd)
        if len(Utils.query(table)) == leaves(table):
            return table


def of_an_action(trees: Trees, official: Official, token, known) -> dict:
    """The parameters of an action, as its method of the client takes them."""
    product, action, method, declared = trees.dice.choice(known)
    request = without_legacy(trees.declared(declared)) if declared else None
    parameters = copy.deepcopy(request.to_map()) if request else {}
    sent = official.method(product, token, method, documented(request))
    line = {"product": product, "action": action, "parameters": trees.shuffled(parameters)}
    return line | {"official": signed(sent, plain_names=True)}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
