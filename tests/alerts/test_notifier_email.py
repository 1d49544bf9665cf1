"""E-mail: its parts, its id, refused recipients, passwords and TLS."""

from __future__ import annotations

import html
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from alerts.notifiers.base import Attachment
from alerts.notifiers.email import EmailNotifier
from core.settings import (
    EmailNotifierSettings,
)
from tests.contracts.bench import NOW, PICTURE, build, free_port, make_message
from tests.contracts.channels import MailBench, Postman

#: The loopback test server takes passwords without TLS, and says each time that nobody should.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailBench]:
    made = MailBench(tmp_path)
    yield made
    made.close()


def test_a_mail_has_text_page_inline_picture_and_attachment(mail: MailBench, tmp_path: Path) -> None:
    """Every reader sees something, and the proof can be saved."""
    mail.notifier.send(make_message(tmp_path))
    [got] = mail.mails()
    kinds = [part.get_content_type() for part in got.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "image/png",
    ]  # fmt: skip
    page = got.get_body(("html",))
    assert page is not None
    cid = f"{'0123456789abcdef' * 2}.0@tingfeng"
    assert f'src="cid:{cid}"' in page.get_content()
    related = [part for part in got.walk() if part["Content-ID"] == f"<{cid}>"]
    assert related[0].get_content() == PICTURE
    assert got["X-Priority"] == "1"
    assert got["Message-ID"] == f"<{'0123456789abcdef' * 2}@tingfeng.example.com>"


def test_the_same_message_is_the_same_mail(mail: MailBench, tmp_path: Path) -> None:
    """A re-send after a crash can be recognised by its Message-ID."""
    mail.notifier.send(make_message(tmp_path))
    mail.notifier.send(make_message(tmp_path))
    first, second = mail.mails()
    assert first["Message-ID"] == second["Message-ID"]


def test_notes_and_names_are_escaped_in_the_page(mail: MailBench, tmp_path: Path) -> None:
    """File names come from folders, and folders from pages."""
    name = '"><script>x.png'
    gone = Attachment(path=tmp_path / "gone", name=name, media_type="image/png")
    there = Attachment(path=tmp_path / "post.png", name=name, media_type="image/png")
    mail.notifier.send(make_message(tmp_path, attachments=(gone, there)))
    [got] = mail.mails()
    page = got.get_body(("html",))
    assert page is not None
    assert "<script>" not in page.get_content()
    assert html.escape(name) in page.get_content()


def test_a_wrong_password_is_tried_again_rarely(mail: MailBench, tmp_path: Path) -> None:
    """The message survives until the operator mends the password, without locking the account."""
    mail.wrong_password = True
    delivery = mail.notifier.send(make_message(tmp_path))
    assert (delivery.ok, delivery.retry, delivery.provider_code) == (False, True, "535")
    assert delivery.after == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("refused", "ok", "retry", "code"),
    [
        ({"boss@example.com": "550 no such user"}, True, False, "250"),
        ({"pr@example.com": "550 no", "boss@example.com": "550 no"}, False, False, "550"),
        ({"pr@example.com": "450 busy", "boss@example.com": "550 no"}, False, True, "450"),
    ],
)
def test_refused_recipients_are_named(
    mail: MailBench, tmp_path: Path, refused: dict[str, str], ok: bool, retry: bool, code: str
) -> None:
    """Those who can have it have it, once; who cannot is in the reason."""
    mail.postman.refused_recipients = refused
    delivery = mail.notifier.send(make_message(tmp_path))
    assert (delivery.ok, delivery.retry, delivery.provider_code) == (ok, retry, code)
    assert all(address in delivery.reason for address in refused)
    assert len(mail.received()) == int(ok)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_server_without_tls_is_never_spoken_to_in_clear(tmp_path: Path, mail: MailBench, security: str) -> None:
    """The setting is a demand, not a wish."""
    settings = mail.notifier.settings.model_copy(update={"security": security})  # type: ignore[attr-defined]
    delivery = build(tmp_path, settings).send(make_message(tmp_path))
    assert (delivery.ok, delivery.retry) == (False, True)
    assert mail.received() == []


@dataclass(frozen=True)
class Identity:
    """A self-signed certificate for 127.0.0.1, as the server shows it and as a client may trust it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tingfeng test")])
    start = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=9))
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    shown, kept = folder / "cert.pem", folder / "key.pem"
    shown.write_bytes(certificate.public_bytes(Encoding.PEM))
    kept.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(shown, kept)
    return Identity(server, ssl.create_default_context(cafile=str(shown)))


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("trusted", [True, False])
def test_tls_is_spoken_with_servers_that_prove_themselves(
    tmp_path: Path, identity: Identity, security: str, trusted: bool
) -> None:
    """A certificate that nobody vouches for gets no mail, and is asked again rarely."""
    postman = Postman()
    how: dict[str, Any] = {"ssl_context": identity.server} if security == "tls" else {"tls_context": identity.server}
    server = Controller(postman, hostname="127.0.0.1", port=free_port(), **how)
    server.start()
    block = EmailNotifierSettings.model_validate(
        {"type": "email", "host": "127.0.0.1", "port": server.port, "security": security}
        | {"sender": "a@example.com", "to": ("b@example.com",)}
    )
    tls = (lambda: identity.client) if trusted else ssl.create_default_context
    try:
        delivery = EmailNotifier(block, clock=lambda: NOW, tls=tls).send(make_message(tmp_path))
    finally:
        server.stop()
    assert (delivery.ok, len(postman.mails)) == (trusted, int(trusted))
    if not trusted:
        assert (delivery.retry, delivery.after) == (True, timedelta(minutes=10))
        assert "证书不可信" in delivery.reason
