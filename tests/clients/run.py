"""Runs the official clients against a simulated cloud.

    run.py ADDRESS [--missing PRODUCT:ACTION,…] [--program PATH] [FILE…]

ADDRESS is `127.0.0.1:PORT` of a `rutter simulate` with `world.toml`; FILE is the name of a product's file without
`.py`, and all of them if none is given. `--missing` names actions that are known and not simulated, `--program` where the
program is, for what it is compared in with an official client.
"""

import argparse
import importlib
import sys
import unittest
from pathlib import Path

from frame import ClientCase

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--missing", default="")
    parser.add_argument("--program", type=Path, default=ClientCase.program)
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_intermixed_args()
    ClientCase.address = arguments.address.removeprefix("http://")
    ClientCase.program = arguments.program.resolve()
    ClientCase.missing = dict(name.split(":") for name in arguments.missing.split(",") if name)
    files = arguments.files or sorted(path.stem for path in HERE.glob("*.py") if path.stem != "run")
    suite = unittest.TestSuite(
        unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name)) for name in files
    )
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
