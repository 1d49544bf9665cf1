"""The search server's settings: who we are is said once, never in a file that is read by others, never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import load_settings
from core.config_server import exposed_hosts
from core.errors import ConfigError
from core.settings import ElasticsearchSettings, Settings

ENVIRONMENT = {"ES_PASSWORD": "hunter2-secret", "ES_KEY": "key-secret"}
USER, KEY = 'user = "tingfeng"\npassword = "env:ES_PASSWORD"\n', 'api_key = "env:ES_KEY"\n'


def load(folder: Path, index: str, server: str) -> Settings:
    for name in ("sources", "subjects", "rules"):
        (folder / f"{name}.toml").write_text("", encoding="utf-8")
    text = f'[notifiers.console]\ntype = "console"\n[index]\n{index}\n[elasticsearch]\n{server}\n'
    (folder / "monitor.toml").write_text(text, encoding="utf-8")
    return load_settings(folder / "monitor.toml", ENVIRONMENT)


@pytest.mark.parametrize("server", ["", USER, KEY, 'password = ""\napi_key = ""\nuser = ""', 'ca_file = "ca.pem"'])
@pytest.mark.parametrize("index", ["", 'backend = "elasticsearch"', 'backend = "elasticsearch"\nfallback = "sqlite"'])
def test_what_is_right_loads(tmp_path: Path, index: str, server: str) -> None:
    settings = load(tmp_path, index, server)
    assert "secret" not in repr(settings)
    if "ca_file" in server:
        assert settings.elasticsearch.ca_file == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    ("index", "server", "key"),
    [
        ("", USER + KEY, "elasticsearch.api_key"),
        ("", 'password = "env:ES_PASSWORD"\n' + KEY, "elasticsearch.api_key"),
        ("", 'user = "tingfeng"', "elasticsearch.user"),
        ("", 'password = "env:ES_PASSWORD"', "elasticsearch.password"),
        ("", 'hosts = ["https://es:9200", "https://me:hunter2-secret@es:9200"]', "elasticsearch.hosts"),
        ("", 'hosts = ["https://me@es:9200"]', "elasticsearch.hosts"),
        ("", "hosts = []", "elasticsearch.hosts"),
        ("", 'hosts = ["es:9200"]', "elasticsearch.hosts"),
        ("", 'password = "hunter2-secret"', "elasticsearch.password"),
        ("", 'api_key = "env:NOTHING"', "elasticsearch.api_key"),
        ("", 'name = "Upper"', "elasticsearch.name"),
        ('fallback = "sqlite"', "", "index.fallback"),
        ('backend = "solr"', "", "index.backend"),
        ('keep = "soon"', "", "index.keep"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is_shown(tmp_path: Path, index: str, server: str, key: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        load(tmp_path, index, server)
    assert wrong.value.key.startswith(key)
    assert wrong.value.fix
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize(
    ("host", "exposed"),
    [
        ("http://127.0.0.1:9200", False),
        ("http://[::1]:9200", False),
        ("http://localhost:9200", False),
        ("https://es.example:9200", False),
        ("http://es.example:9200", True),
        ("http://10.0.0.7:9200", True),
        ("http://localhost.example:9200", True),
    ],
)
def test_a_secret_in_plain_text_over_a_network_is_known(tmp_path: Path, host: str, exposed: bool) -> None:
    for who in (USER, KEY):
        server = load(tmp_path, "", f'hosts = ["{host}", "https://other:9200"]\n{who}').elasticsearch
        assert exposed_hosts(server) == ([host] if exposed else [])
    assert exposed_hosts(ElasticsearchSettings(hosts=(host,))) == []
