"""The official client reads the credential profiles in `profiles/` as `expected.json` says.

A test of the program reads the same files and expects the same. Nothing is asked of the simulated cloud.
"""

import json
import unittest
from pathlib import Path

from alibabacloud_credentials.provider.cli_profile import CLIProfileCredentialsProvider
from alibabacloud_credentials.provider.profile import ProfileCredentialsProvider, _load_ini

HERE = Path(__file__).resolve().parent / "profiles"
EXPECTED = json.loads((HERE / "expected.json").read_text())

HOUR = 3600
"""What the client asks for where the profile says nothing."""


def what(provider: object) -> dict:
    """What a provider would sign with, or assume a role with. The client keeps it in fields of its own."""
    fields = vars(provider)
    base = fields.get("_credentials_provider")
    if base is None:
        key = provider.get_credentials()
        return {
            "id": key.get_access_key_id(),
            "secret": key.get_access_key_secret(),
            "token": key.get_security_token(),
        }
    seconds = fields["_duration_seconds"]
    return what(base) | {
        "role": fields["_role_arn"],
        "session": fields["_role_session_name"],
        "policy": fields["_policy"],
        "external_id": fields["_external_id"],
        "seconds": None if seconds == HOUR else seconds,
    }


def given(found: dict) -> dict:
    return {key: value for key, value in found.items() if value}


class Profiles(unittest.TestCase):
    def test_the_credentials_file_is_read_alike(self):
        path = str(HERE / "credentials.ini")
        sections = _load_ini(path)
        self.assertEqual(set(sections), set(EXPECTED["credentials.ini"]))
        for name, expected in EXPECTED["credentials.ini"].items():
            with self.subTest(name):
                client = ProfileCredentialsProvider(profile_file=path, profile_name=name)
                self.assertEqual(given(what(client._get_credentials_provider(sections[name]))), expected)

    def test_the_profiles_of_the_cli_are_read_alike(self):
        path = HERE / "config.json"
        config = json.loads(path.read_text())
        self.assertEqual({profile["name"] for profile in config["profiles"]}, set(EXPECTED["config.json"]))
        for name, expected in EXPECTED["config.json"].items():
            with self.subTest(name):
                client = CLIProfileCredentialsProvider(profile_file=str(path), profile_name=name)
                self.assertEqual(given(what(client._get_credentials_provider(config, name))), expected)


if __name__ == "__main__":
    unittest.main()
