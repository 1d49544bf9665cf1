"""The vault gives back what it was given, or says that it cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import EvidenceError
from evidence.vault import RawResponse, Vault

FETCHED = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def _response(body: bytes = b"<html>\xb5\xc4</html>") -> RawResponse:
    headers = (("Content-Type", "text/html; charset=gbk"), ("X-Note", "a=1"), ("X-Note", "b=2"))
    return RawResponse(
        url="http://x.example/t/1", status=200, headers=headers, body=body, fetched=FETCHED, ip="192.0.2.1"
    )


@pytest.mark.parametrize("content", [b"", b"x", bytes(range(256)) * 40, "刹车失灵".encode("gb18030")])
def test_what_was_put_comes_back(tmp_path: Path, content: bytes) -> None:
    """Any bytes come back unchanged from their address, below a two-letter folder."""
    vault = Vault(tmp_path)
    address = vault.put(content)
    assert vault.get(address) == content
    assert vault.contains(address)
    assert (tmp_path / address[:2] / address[2:]).is_file()


def test_putting_twice_keeps_one_file(tmp_path: Path) -> None:
    """The same content is stored once and leaves no temporary file behind."""
    vault = Vault(tmp_path)
    assert vault.put(b"same") == vault.put(b"same")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_response_comes_back_whole(tmp_path: Path) -> None:
    """Headers keep order and repetition; two responses with one body share it."""
    vault = Vault(tmp_path)
    address = vault.put_response(_response())
    assert vault.get_response(address) == _response()
    assert vault.put_response(_response()) == address


def test_a_login_that_a_site_renews_is_not_kept(tmp_path: Path) -> None:
    """Set-Cookie keeps its names and attributes, and no value rests in the vault."""
    vault = Vault(tmp_path)
    headers = (("set-cookie", "SUB=very-secret; path=/; HttpOnly"), ("Set-Cookie", "flag"), ("X-Other", "a=1"))
    address = vault.put_response(replace(_response(), headers=headers))
    kept = vault.get_response(address)
    assert kept.headers == (("set-cookie", "SUB=***; path=/; HttpOnly"), ("Set-Cookie", "flag"), ("X-Other", "a=1"))
    assert b"very-secret" not in vault.get(address)


@pytest.mark.parametrize("position", [0, 5, -1])
def test_every_damage_is_named(tmp_path: Path, position: int) -> None:
    """A flipped byte anywhere in the stored file is an error, never other content; putting again heals it."""
    vault = Vault(tmp_path)
    address = vault.put(b"the post as it was" * 20)
    home = tmp_path / address[:2] / address[2:]
    damaged = bytearray(home.read_bytes())
    damaged[position] ^= 1
    home.write_bytes(damaged)
    with pytest.raises(EvidenceError, match="已损坏"):
        vault.get(address)
    vault.put(b"the post as it was" * 20)
    assert vault.get(address) == b"the post as it was" * 20


def test_a_swapped_file_is_refused(tmp_path: Path) -> None:
    """A file that is whole but belongs to another address does not pass."""
    vault = Vault(tmp_path)
    one, two = vault.put(b"one"), vault.put(b"two")
    (tmp_path / one[:2] / one[2:]).write_bytes((tmp_path / two[:2] / two[2:]).read_bytes())
    with pytest.raises(EvidenceError, match="与地址不符"):
        vault.get(one)


@pytest.mark.parametrize("address", ["", "0" * 64, "../../etc/passwd", "A" * 64, "0" * 63])
def test_unknown_and_malformed_addresses_are_refused(tmp_path: Path, address: str) -> None:
    """Nothing outside the vault can be read through an address."""
    vault = Vault(tmp_path)
    assert not vault.contains(address)
    with pytest.raises(EvidenceError):
        vault.get(address)


@pytest.mark.parametrize("content", [b"not json", b"[]", b"{}", b'{"type":"other"}', b'"text"'])
def test_content_that_is_no_response_is_refused(tmp_path: Path, content: bytes) -> None:
    """Asking for a response where something else lies is an error."""
    vault = Vault(tmp_path)
    with pytest.raises(EvidenceError, match="不是一份原始响应"):
        vault.get_response(vault.put(content))


def test_a_response_without_its_body_is_refused(tmp_path: Path) -> None:
    """The envelope alone proves nothing."""
    vault = Vault(tmp_path)
    address = vault.put_response(_response(b"gone"))
    body = vault.put(b"gone")
    (tmp_path / body[:2] / body[2:]).unlink()
    with pytest.raises(EvidenceError, match="没有"):
        vault.get_response(address)
