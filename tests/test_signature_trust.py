"""The operator's trust list is a folder that may change while we run, and settings that contradict it are refused."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr
from signed_message import ABOVE, MESSAGE, OURS, SIGNED
from signers import AT, HOSPITAL, authority, key_of, pem, revocations, signed, signer

from adapter.app import build
from adapter.outside.signing import TrustFolder, read_trust
from adapter.outside.store import open_store
from adapter.settings import Settings
from adapter.wire.signature import Signatures

HOME = "999900099"
OTHER = authority("EN ANNEN SYNTETISK UTSTEDER")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "authority.pem").write_bytes(pem(ABOVE.certificate))
    return tmp_path


def problems(trust: TrustFolder, message: bytes = SIGNED) -> list[str]:
    rules = Signatures(trust, required=True, sha1=False, max_bytes=1_000_000, max_depth=60)
    return [finding.problem for finding in rules(message, HOSPITAL, AT)]


def test_what_is_put_into_the_folder_counts_from_then_on(folder: Path) -> None:
    trust = TrustFolder(folder)
    other = signed(MESSAGE, signer(OTHER))
    assert problems(trust, other) == ["certificate-not-trusted"]
    (folder / "other.cer").write_bytes(OTHER.certificate.public_bytes(serialization.Encoding.DER))
    assert problems(trust, other) == []
    (folder / "authority.crl").write_bytes(revocations(ABOVE, [OURS.certificate]))
    assert problems(trust) == ["certificate-revoked"]
    (folder / "authority.crl").unlink()
    (folder / "authority.pem").unlink()
    assert problems(trust) == ["certificate-not-trusted"]


def test_a_file_that_is_half_copied_stops_nobody_and_is_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trust = TrustFolder(folder)
    (folder / "other.pem").write_bytes(pem(OTHER.certificate)[:200])
    assert problems(trust) == []
    assert problems(trust) == []
    assert [r.message for r in caplog.records if r.levelno >= logging.WARNING] == ["trust-list-unreadable"]
    (folder / "other.pem").write_bytes(pem(OTHER.certificate))
    assert problems(trust, signed(MESSAGE, signer(OTHER))) == []


def test_a_folder_that_is_taken_away_leaves_the_list_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "authority.pem").write_bytes(pem(ABOVE.certificate))
    trust = TrustFolder(folder)
    folder.rename(tmp_path / "elsewhere")
    assert problems(trust) == []


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("words.pem", b"no certificate"),
        ("damaged.pem", pem(OTHER.certificate).replace(b"M", b"!")),
        ("damaged.crl", b"-----BEGIN X509 CRL-----"),
        ("foreign.crl", revocations(OTHER, [])),
        (
            "key.pem",
            key_of("signer").private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        ),
    ],
)
def test_what_does_not_belong_in_the_folder_is_named_at_start(folder: Path, name: str, held: bytes) -> None:
    """By its file and never by what stands in it."""
    (folder / name).write_bytes(held)
    with pytest.raises(ValueError, match=rf"^{name}: [a-z ]+$"):
        TrustFolder(folder)


def test_an_empty_list_is_none(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("none of ours")
    with pytest.raises(ValueError, match="no certificate in the trust list"):
        read_trust(tmp_path)


def test_the_list_tells_until_when_each_file_counts(folder: Path) -> None:
    (folder / "hospital.pem").write_bytes(pem(OURS.certificate, OTHER.certificate))
    until = {held.file: held.until for held in read_trust(folder).held}
    assert until == {"authority.pem": AT + timedelta(days=900), "hospital.pem": AT + timedelta(days=300)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"signatures": "verify"}, "IP_ADAPTER_TRUST"),
        ({"signatures": "require"}, "IP_ADAPTER_TRUST"),
        ({"trust": "."}, "IP_ADAPTER_SIGNATURES"),
        ({"signing_key": "key.pem"}, "IP_ADAPTER_SIGNING_CERTIFICATE"),
        ({"signing_certificate": "ours.pem"}, "IP_ADAPTER_SIGNING_KEY"),
    ],
)
def test_half_a_setting_does_not_start(tmp_path: Path, given: dict[str, str], said: str) -> None:
    """A trust list that nobody asks, or a judgement without one, is a mistake of the operator."""
    store = open_store(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(ValueError, match=said):
        build(Settings(**given), store)  # type: ignore[arg-type] # pydantic reads them
    store.close()


def test_the_parts_judge_and_sign_as_the_settings_say(folder: Path, tmp_path: Path) -> None:
    """We sign as the adapter row of the partner table; and by default nothing is judged or signed."""
    key, certificate = tmp_path / "ours" / "key.pem", tmp_path / "ours" / "ours.pem"
    key.parent.mkdir()
    certificate.write_bytes(pem(signer(ABOVE, HOME).certificate))
    key.write_bytes(
        key_of("signer").private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    store = open_store(f"sqlite:///{tmp_path / 'none.db'}")
    settings = Settings(
        signatures="require", trust=folder, signing_key=key, signing_certificate=certificate,
        subject_secret=SecretStr("synthetic"),
    )  # fmt: skip
    parts, plain = build(settings, store), build(Settings(), store)
    store.close()
    assert parts.judge_signature
    assert parts.sign
    assert parts.judge_signature(parts.sign(MESSAGE), HOME, AT) == ()
    assert [f.problem for f in parts.judge_signature(MESSAGE, HOSPITAL, AT)] == ["signature-missing"]
    assert (plain.judge_signature, plain.sign) == (None, None)
