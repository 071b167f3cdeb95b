"""The test case that the products' files are written with."""

import time
import tomllib
import unittest
from pathlib import Path

from .clients import Key, Product

WORLD = Path(__file__).resolve().parent.parent / "world.toml"


class ClientCase(unittest.TestCase):
    """A test that talks to the simulated cloud through official clients."""

    address = ""
    """`127.0.0.1:PORT`, set before the tests run."""

    program = WORLD.parent.parent.parent / "target/debug/rutter"
    """The program itself, for what it is compared in with an official client."""

    missing: dict[str, str] = {}
    """For each product an action that its contract has and the simulated cloud does not answer."""

    def setUp(self):
        self.problems = []

    def tearDown(self):
        """What was wrong with answers is told together, so that one run shows all of it."""
        if self.problems:
            self.fail("\n" + "\n".join(dict.fromkeys(self.problems)))

    def client(
        self, product: str, account: str = "source", *, user: str = "operator", key: Key | None = None, **settings
    ):
        """Returns a client of a product (`ram`, `r_kvstore`), with the key of a user of the world or a given one."""
        return Product(self, self.address, product, key or self.key(account, user), **settings)

    def key(self, account: str, user: str = "operator") -> Key:
        for held in world()["accounts"][account]["users"]:
            if held["name"] == user:
                return Key(held["access_key_id"], held["access_key_secret"])
        raise LookupError(f"{WORLD.name} has no user {user} in {account}")

    def account_id(self, account: str) -> str:
        return world()["accounts"][account]["id"]

    def until(self, read, wanted, seconds: float = 20):
        """Reads until the answer is as wanted, and returns it. Ten minutes pass in the world in a second."""
        end = time.monotonic() + seconds
        while True:
            answer = read()
            if wanted(answer):
                return answer
            if time.monotonic() > end:
                self.fail(f"not as wanted within {seconds} seconds: {answer}")
            time.sleep(0.05)


def world() -> dict:
    with open(WORLD, "rb") as file:
        return tomllib.load(file)
