"""The contracts themselves against the official clients: every parameter and every field of an answer, with its type.

`runner/contracts/data` says what each action takes and answers; the clients' models say the same, written by the vendor.
Nothing is called here, so actions that are not simulated are compared too.
"""

import importlib
import json
import typing
import unittest
from pathlib import Path

from Tea.model import TeaModel

from frame.clients import PACKAGES

DATA = Path(__file__).resolve().parents[2] / "runner" / "contracts" / "data"

KINDS = {str: "string", int: "integer", float: "number", bool: "boolean", typing.Any: "any"}

LEGACY = {
    "AccountId",
    "OwnerAccount",
    "OwnerId",
    "ResourceOwnerAccount",
    "ResourceOwnerId",
    "SecurityToken",
    "SourceBiz",
}
"""Parameters that no contract has: the product reads none of them (`LEGACY` in `contracts/src/check.rs`)."""


class Leaf(str):
    """The kind of a value, in its place in a model."""


def sample(declared: object):
    """Makes a value of a declared type whose leaves tell their kinds."""
    if isinstance(declared, type) and issubclass(declared, TeaModel):
        fields = typing.get_type_hints(declared.__init__)
        return declared(**{name: sample(field) for name, field in fields.items()})
    origin = typing.get_origin(declared)
    if origin is list:
        return [sample(typing.get_args(declared)[0])]
    return Leaf("map" if origin is dict else KINDS[declared])


def leaves(value: object, path: str = ""):
    """Yields the path and the kind of each leaf, as the contracts write them: `Roles.Role[].RoleName`."""
    if isinstance(value, Leaf):
        yield path, str(value)
    elif isinstance(value, dict):
        for name, held in value.items():
            yield from leaves(held, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for held in value:
            yield from leaves(held, f"{path}[]")


def actions():
    """Yields the product, the line of the contract and the client's method of every action."""
    for product, package in PACKAGES.items():
        client = importlib.import_module(f"{package}.client").Client
        methods = {name.replace("_", ""): name for name in dir(client)}
        for line in (DATA / f"{product.replace('_', '-')}.jsonl").read_text().splitlines():
            contract = json.loads(line)
            yield product, contract, getattr(client, methods[contract["action"].lower()])


class Contracts(unittest.TestCase):
    maxDiff = None

    def test_every_answer_has_the_fields_of_the_client_s_model(self):
        for product, contract, method in actions():
            with self.subTest(action=f"{product}:{contract['action']}"):
                answer = typing.get_type_hints(method)["return"]
                body = typing.get_type_hints(answer.__init__)["body"]
                self.assertEqual(contract["response"], dict(leaves(sample(body).to_map())))

    def test_every_action_takes_the_parameters_of_the_client_s_request(self):
        for product, contract, method in actions():
            with self.subTest(action=f"{product}:{contract['action']}"):
                request = typing.get_type_hints(method).get("request")
                taken = dict(leaves(sample(request).to_map())) if request else {}
                parameters = {parameter["name"]: parameter["kind"] for parameter in contract["parameters"]}
                # The contracts also name lists whose elements have parts; the parts say the same.
                known = {name: kind for name, kind in parameters.items() if not self.has_parts(name, parameters)}
                self.assertEqual(known, {name: kind for name, kind in taken.items() if name not in LEGACY})

    def has_parts(self, name: str, names) -> bool:
        return any(other.startswith(f"{name}.") for other in names)


if __name__ == "__main__":
    unittest.main()
