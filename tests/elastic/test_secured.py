"""Who may do what, over an encrypted connection: on a server with security and TLS on, as operators run it.

Users come from the server's files: the build for tests has no native users and no API keys, whose headers are
checked in test_unreachable.py.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import IndexTrouble, IndexUnavailable
from core.secret import Secret
from index.base import Query
from index.elastic import ElasticIndex
from tests.elastic.certificates import make_certificates
from tests.elastic.filing_world import DAY, NOW, Clock, make_mention, server_settings
from tests.elastic.fixtures import server_or_skip
from tests.elastic.manual import role
from tests.elastic.server import Server

#: A server is started, and killed, and started again: on a busy machine that takes minutes.
pytestmark = pytest.mark.timeout(900)

PASSWORD = "Kennwort-712"
FULL = role()


def _variants() -> dict[str, dict[str, object]]:
    """The role of the page, and that role with one right less, for each right."""
    found: dict[str, dict[str, object]] = {"tingfeng": FULL}
    for right in FULL["cluster"]:
        less = copy.deepcopy(FULL)
        less["cluster"].remove(right)
        found[f"no-{right}"] = less
    for right in FULL["indices"][0]["privileges"]:
        less = copy.deepcopy(FULL)
        less["indices"][0]["privileges"].remove(right)
        found[f"no-{right}"] = less
    return found


VARIANTS = _variants()


def _hashed(password: str) -> str:
    """As the server's file of users wants it."""
    salt = hashlib.sha256(b"not a secret").digest()
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10_000, 32)
    return f"{{PBKDF2}}10000${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls") / "ca.pem"


@pytest.fixture(scope="module")
def secured(request: pytest.FixtureRequest, authority: Path) -> Iterator[Server]:
    made = make_certificates()
    authority.write_bytes(made.authority)
    files = {
        "http.crt": made.certificate,
        "http.key": made.key,
        "users": "".join(f"{name}:{_hashed(PASSWORD)}\n" for name in VARIANTS).encode(),
        "users_roles": "".join(f"{name}:{name}\n" for name in VARIANTS).encode(),
        "roles.yml": "".join(f"{name}: {json.dumps(rights)}\n" for name, rights in VARIANTS.items()).encode(),
    }
    tls = {"enabled": "true", "key": "http.key", "certificate": "http.crt"}
    settings = {f"xpack.security.http.ssl.{name}": value for name, value in tls.items()}
    with server_or_skip(
        request.config, password="bootstrap-712", files=files, settings=settings, authority=authority
    ) as server:
        yield server


def open_index(server: Server, authority: Path, *, user: str = "tingfeng", **changes: object) -> ElasticIndex:
    values = {"user": user, "password": Secret(PASSWORD), "ca_file": str(authority), **changes}
    return ElasticIndex(server_settings(server.url, "tingfeng", **values), clock=Clock())


def everything(index: ElasticIndex) -> None:
    """Every method of the port, once: what the product does on a server in a year."""
    mentions = [make_mention(number, when=NOW - number * DAY) for number in range(5)]
    assert index.add_many(mentions).count == 5
    index.refresh()
    assert index.search(Query()).total == 5
    assert index.count_by(Query(), "grade") == {"B": 5}
    assert index.count() == 5
    assert index.delete([mentions[0].id]) == 1
    building = index.beside("second")
    building.add_many(mentions)
    assert building.count() == 5
    building.take_over()
    index.beside("third").discard()
    assert index.state().mentions == 5
    index.maintain()
    assert index.prune(NOW.replace(day=1, hour=0)) == 4
    assert index.count() == 1


def test_the_rights_of_the_page_are_enough(secured: Server, authority: Path) -> None:
    """A user with the role of docs/elasticsearch.md does everything, by password, over TLS with our own authority."""
    index = open_index(secured, authority)
    everything(index)
    index.close()
    secured.forget("tingfeng-")


@pytest.mark.parametrize("missing", [name for name in VARIANTS if name != "tingfeng"])
def test_each_right_of_the_page_is_needed(secured: Server, authority: Path, missing: str) -> None:
    """With one right less something cannot be done, and the error says that this user may not."""
    index = open_index(secured, authority, user=missing)
    with pytest.raises(IndexUnavailable, match=r"不允许这个用户这样做（403）") as trouble:
        everything(index)
    assert secured.url in str(trouble.value)
    index.close()
    secured.forget("tingfeng-")


def test_other_peoples_indices_are_out_of_reach(secured: Server, authority: Path) -> None:
    """The role reaches what begins with its own name, and nothing else."""
    index = ElasticIndex(
        server_settings(secured.url, "others", user="tingfeng", password=Secret(PASSWORD), ca_file=str(authority))
    )
    with pytest.raises(IndexUnavailable, match="403"):
        index.add_many([make_mention(1)])
    index.close()


@pytest.mark.parametrize("password", ["falsch-712", None])
def test_a_wrong_password_is_named_but_not_told(secured: Server, authority: Path, password: str | None) -> None:
    """The message leads to the setting and to the server; the password stands in no part of it."""
    index = open_index(secured, authority, password=Secret(password) if password else None)
    with pytest.raises(IndexUnavailable, match=r"401）：.*\[tingfeng\].*user 与 password") as trouble:
        index.search(Query())
    said = "".join(map(str, (trouble.value, trouble.value.__cause__, index.settings)))
    assert secured.url in said
    assert "falsch-712" not in said
    index.close()


def test_nobody_in_particular_is_refused(secured: Server, authority: Path) -> None:
    """Without a name the server refuses us, and we say so."""
    index = open_index(secured, authority, user="", password=None)
    with pytest.raises(IndexUnavailable, match="401"):
        index.search(Query())
    index.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ca_file": ""}, "证书由未知的机构签发"),
        ({"ca_file": "another"}, "证书由未知的机构签发"),
        ({"hosts": "https://localhost:{port}"}, "证书不是发给这个主机的"),
        ({"hosts": "http://127.0.0.1:{port}"}, "不加密的 http://"),
        ({"hosts": "http://127.0.0.1:{port}", "ca_file": ""}, "连接被对方断开"),
    ],
)
def test_a_connection_that_is_not_trusted_is_refused(
    secured: Server, authority: Path, tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    """Another authority, another host, no encryption: nothing is sent, and the sentence says which of them it is."""
    another = tmp_path / "another.pem"
    another.write_bytes(make_certificates().authority)
    chosen = {"ca_file": str(another)} if changes.get("ca_file") == "another" else dict(changes)
    if "hosts" in chosen:
        chosen["hosts"] = (chosen["hosts"].format(port=secured.port),)  # type: ignore[assignment]
    values: dict[str, object] = {"user": "tingfeng", "password": Secret(PASSWORD), "ca_file": str(authority), **chosen}
    values.setdefault("hosts", (secured.url,))
    index = ElasticIndex(server_settings(secured.url, "tingfeng").model_copy(update=values))
    with pytest.raises(IndexTrouble, match=words) as trouble:
        index.search(Query())
    assert PASSWORD not in str(trouble.value)
    index.close()


@pytest.mark.parametrize("content", [None, "nonsense"])
def test_a_file_of_authorities_that_cannot_be_read_is_named(
    secured: Server, tmp_path: Path, content: str | None
) -> None:
    """A mistyped path, or a file that is no certificate, is said as such."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    index = open_index(secured, path)
    with pytest.raises(IndexTrouble, match="ca_file"):
        index.search(Query())
    index.close()
