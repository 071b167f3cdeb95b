"""One case in a process of its own: prints the credentials that the official client comes to.

    one.py CONFIG BUNDLE [ADDRESS]
"""

import json
import sys

import certifi

config, bundle, *address = sys.argv[1:]
certifi.where = lambda: bundle

from alibabacloud_credentials.provider import CLIProfileCredentialsProvider, URLCredentialsProvider  # noqa: E402

client = (
    URLCredentialsProvider(uri=address[0])
    if address
    else CLIProfileCredentialsProvider(profile_file=config, profile_name="p")
)
found = client.get_credentials()
print(json.dumps([found.get_access_key_id(), found.get_access_key_secret(), found.get_security_token()]))
