"""One case in a process of its own: prints the credentials that the official client comes to.

    one.py BUNDLE config CONFIG | address ADDRESS | files
"""

import json
import sys

import certifi

bundle, kind, *rest = sys.argv[1:]
certifi.where = lambda: bundle

from alibabacloud_credentials.provider import (  # noqa: E402
    CLIProfileCredentialsProvider,
    ProfileCredentialsProvider,
    URLCredentialsProvider,
)

if kind == "address":
    client = URLCredentialsProvider(uri=rest[0])
elif kind == "files":
    # Where it looks by itself, in the home folder.
    client = ProfileCredentialsProvider(profile_name="p")
else:
    client = CLIProfileCredentialsProvider(profile_file=rest[0], profile_name="p")
found = client.get_credentials()
print(json.dumps([found.get_access_key_id(), found.get_access_key_secret(), found.get_security_token()]))
