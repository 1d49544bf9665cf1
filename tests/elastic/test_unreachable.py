"""What cannot be Elasticsearch, or is not at this moment: named in one sentence, within the time set, nothing lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core.database import Database
from core.errors import IndexMismatch, IndexTrouble, IndexUnavailable
from core.secret import Secret
from index.base import Query
from index.elastic import ElasticIndex, writing
from tests.elastic.filing_world import World, make_mention, server_settings
from tests.elastic.places import free_port
from tests.elastic.proxy import PRODUCT, Asked, Gateway, HangUp, Reply, Said, Silence
from tests.elastic.server import Server

SECOND = timedelta(seconds=1)

#: Word for word what an Elasticsearch 8.19.21 answers to a client of version 9.
_EIGHT = {
    "error": {
        "root_cause": [
            {
                "type": "media_type_header_exception",
                "reason": "Invalid media-type value on headers [Accept, Content-Type]",
            }
        ],
        "type": "media_type_header_exception",
        "reason": "Invalid media-type value on headers [Accept, Content-Type]",
        "caused_by": {
            "type": "status_exception",
            "reason": "Accept version must be either version 8 or 7, but found 9. "
            "Accept=application/vnd.elasticsearch+json; compatible-with=9",
        },
    },
    "status": 400,
}
_PAGE = b"<!DOCTYPE html><html><body>Welcome to nginx!</body></html>"
_HTML = {"Content-Type": "text/html"}
_NODES = {"nodes": {"n": {"version": "8.19.21"}}}

_ANSWERS: list[tuple[str, Said, type[IndexTrouble], str]] = [
    ("a page of a web server", Reply(200, _PAGE, _HTML), IndexMismatch, "不是 Elasticsearch"),
    ("JSON of something else", Reply(200, b"{}", {"Content-Type": "application/json"}), IndexMismatch,
     "不是 Elasticsearch"),
    ("something else that knows no such page", Reply(404, _PAGE, _HTML), IndexTrouble, "404"),
    ("a redirect", Reply(302, b"", {"Location": "https://login.example/"}), IndexTrouble, "302"),
    ("a gateway without a server", Reply(502, _PAGE, _HTML), IndexUnavailable, "502"),
    ("a server that starts", Reply(503, b'{"error":{"type":"x","reason":"starting"},"status":503}'), IndexUnavailable,
     "正忙或正在启动（503）：starting"),
    ("what is no JSON", Reply(200, b'{"nodes": nonsense'), IndexUnavailable, "无法读取"),
    ("half an answer", Reply(200, json.dumps(_NODES).encode(), cut=True), IndexUnavailable, ""),
    ("a closed connection", HangUp(), IndexUnavailable, "连接被对方断开"),
    ("silence", Silence(), IndexUnavailable, "没有在限定时间内回答"),
    ("version 8, by its words", Reply(400, json.dumps(_EIGHT).encode()), IndexMismatch, "升级到 9.x"),
    ("version 8, by its number", Reply(200, json.dumps(_NODES).encode()), IndexMismatch, "Elasticsearch 8.19.21"),
    ("a wrong password", Reply(401, b'{"error":{"type":"security_exception","reason":"unable"},"status":401}'),
     IndexUnavailable, "不接受我们的身份（401）"),
    ("too few rights", Reply(403, b'{"error":{"type":"security_exception","reason":"action [x] is unauthorized"}}'),
     IndexUnavailable, "不允许这个用户这样做（403）"),
]  # fmt: skip


# Each request ends after a second; a minute is far beyond all of them.
@pytest.mark.timeout(60)
@pytest.mark.parametrize(("said", "kind", "words"), [row[1:] for row in _ANSWERS], ids=[row[0] for row in _ANSWERS])
def test_every_wrong_answer_has_a_sentence(said: Said, kind: type[IndexTrouble], words: str) -> None:
    """Whoever asks learns what is wrong and where, in the kind of error that says whether waiting helps."""
    with Gateway(answer=lambda _: said) as gateway:
        index = ElasticIndex(server_settings(gateway.url, "t", timeout=SECOND))
        for ask in (
            lambda: index.search(Query()),
            lambda: index.count_by(Query(), "grade"),
            lambda: index.add_many([make_mention(1)]),
            lambda: index.delete([make_mention(1).id]),
            lambda: index.state(),
            lambda: index.beside("b"),
        ):
            with pytest.raises(IndexTrouble) as trouble:
                ask()
            assert type(trouble.value) is kind
            assert words in str(trouble.value)
            assert gateway.url in str(trouble.value)
        index.close()


def test_nobody_listens() -> None:
    """A server that is down is named with its address."""
    url = f"http://127.0.0.1:{free_port()}"
    index = ElasticIndex(server_settings(url, "t"))
    with pytest.raises(IndexUnavailable, match=rf"连接不上 Elasticsearch（{url}）：没有程序在那里监听"):
        index.search(Query())
    with pytest.raises(IndexUnavailable, match="没有程序在那里监听"):
        index.add_many([make_mention(1)])


def test_a_host_that_nobody_knows() -> None:
    """A mistyped host is told from a server that is down."""
    index = ElasticIndex(server_settings("http://elastic.invalid:9200", "t"))
    with pytest.raises(IndexUnavailable, match=r"elastic\.invalid:9200）：(不认识这个主机名|域名暂时无法解析)"):
        index.search(Query())


@pytest.mark.parametrize(
    "who", [{"user": "tingfeng", "password": Secret("sesam-712")}, {"api_key": Secret("a2V5LTcxMg==")}]
)
def test_who_we_are_is_sent_and_never_said(who: dict[str, object]) -> None:
    """Name and password, or the API key, go to the server as its headers want them, and into no message."""
    answer = Reply(401, b'{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}')
    with Gateway(answer=lambda _: answer) as gateway:
        index = ElasticIndex(server_settings(gateway.url, "t", **who))
        with pytest.raises(IndexUnavailable) as trouble:
            index.search(Query())
        sent = gateway.seen[0].headers["authorization"]
    assert sent in ("Basic dGluZ2Zlbmc6c2VzYW0tNzEy", "ApiKey a2V5LTcxMg==")
    told = "".join(map(str, (trouble.value, trouble.value.__cause__, repr(trouble.value), repr(index.settings))))
    assert "sesam" not in told
    assert "a2V5" not in told


def test_what_was_judged_while_the_server_was_away_is_filed_when_it_comes(
    database: Database, elasticsearch_server: Server, elasticsearch_name: str
) -> None:
    """Nothing is lost before the first contact: keys wait, with the reason, in their order."""
    port = free_port()
    world = World(database, server_settings(f"http://127.0.0.1:{port}", elasticsearch_name), batch=40)
    ids = world.judge([make_mention(number) for number in range(100)])
    assert world.filer.file_once() == 0
    assert world.filer.file_once() == 0  # it rests: nobody hammers a server that is down
    assert len(world.index.given) == 1
    assert world.waiting() == 100
    assert "没有程序在那里监听" in world.reasons().pop()
    with Gateway(elasticsearch_server.url, port=port):
        assert world.catch_up() == 100
        assert [one for batch in world.index.taken for one in batch] == ids
        assert {one.id for one in world.found()} == set(ids)
    assert (world.waiting(), world.buried()) == (0, {})
    world.close()


def test_a_server_that_hangs_while_it_takes_mentions(
    database: Database, elasticsearch_server: Server, elasticsearch_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a bulk never comes: after the time given to it the batch waits, and is there once in the end."""

    def silent_once(asked: Asked) -> Said:
        return Silence() if asked.is_bulk() and asked.before == 0 else None

    with Gateway(elasticsearch_server.url, answer=silent_once) as gateway:
        world = World(database, server_settings(gateway.url, elasticsearch_name), batch=50)
        ids = world.judge([make_mention(number) for number in range(50)])
        with monkeypatch.context() as patched:
            patched.setattr(writing, "_PATIENCE", 1.0)
            assert world.filer.file_once() == 0
        assert "没有在限定时间内回答" in world.reasons().pop()
        assert world.catch_up() == 50
        assert sorted(one.id for one in world.found()) == sorted(ids)
        world.close()


def test_an_answer_that_is_lost_does_no_harm(
    database: Database, elasticsearch_server: Server, elasticsearch_name: str
) -> None:
    """The server took a bulk, half of its answer arrived: the same bulk again changes nothing."""
    cut: list[Reply] = []

    def half_once(asked: Asked) -> Said:
        if not asked.is_bulk() or cut:
            return None
        reply = gateway.forward(asked)
        assert isinstance(reply, Reply)
        cut.append(reply)
        return Reply(reply.status, reply.body, {**PRODUCT, **reply.headers}, cut=True)

    with Gateway(elasticsearch_server.url, answer=half_once) as gateway:
        world = World(database, server_settings(gateway.url, elasticsearch_name))
        ids = world.judge([make_mention(number) for number in range(50)])
        world.catch_up()
        world.catch_up()
        assert len(cut) == 1
        assert sorted(one.id for one in world.found()) == sorted(ids)
        assert (world.waiting(), world.buried()) == (0, {})
        world.close()
