"""Makes the one client that the pretend issuer knows: a key pair for this installation, so that none comes with it.

    python make_client.py --to FOLDER     writes client.jwk (private, for the adapter) and client.json (for issuer.py)

What is there already is left as it is.
"""

import argparse
import json
from pathlib import Path

from joserfc.jwk import ECKey

CLIENT = {
    "id": "ip-adapter",
    "organisation": "999900099",
    "audience": "nhn:edi20",
    "scopes": ["nhn:edi20/api", "nhn:cp-api/access-v2-dpop"],
    "audiences": {"nhn:cp-api/access-v2-dpop": "nhn:cp-api"},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Makes a client for the pretend issuer; synthetic data only."
    )
    parser.add_argument("--to", type=Path, required=True, help="folder for both files")
    folder = parser.parse_args().to
    if (folder / "client.json").exists():
        return
    key = ECKey.generate_key("P-256", {"kid": "compose"})
    private = folder / "client.jwk"
    private.touch(mode=0o600)
    private.write_text(json.dumps(key.as_dict(private=True)), "utf-8")
    known = json.dumps(CLIENT | {"jwk": key.as_dict(private=False)})
    (folder / "client.json").write_text(known, "utf-8")


if __name__ == "__main__":
    main()
