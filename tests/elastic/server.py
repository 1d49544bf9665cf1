"""A real Elasticsearch on loopback, for tests, benchmarks and people: started, stopped, killed, started again.

::

    with Server() as server:                      # or: python -m tests.elastic.server
        Elasticsearch(server.url).cluster.health()

It keeps everything in a folder of its own that goes when the server is closed, and it ends with the process that
started it, however that ends. The REST API answers under `request`, without the client library.
"""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.elastic.obtain import VERSION, find_archive, find_java
from tests.elastic.places import NOBODY, PREFIX, as_nobody, free_port, hold, sweep

_START_SECONDS = 300.0
_STOP_SECONDS = 60.0
_SETTINGS: Mapping[str, str] = {
    "discovery.type": "single-node",
    "network.host": "127.0.0.1",
    # A developer's disk is often fuller than a cluster's may be.
    "cluster.routing.allocation.disk.threshold_enabled": "false",
}


class NotStarted(Exception):
    """The server ended, or did not answer in time; `str()` ends with the last lines of its log."""


class Server:
    """One node. `password` turns security on, and is that of the user `elastic`.

    `settings` are settings of the node ("http.port" and so on); `files` are put beside its configuration, by name.
    `heap` is what Java takes ("512m"). `authority` is the PEM file of who signed the certificate, where `settings` turn
    TLS on. The time to start is 10 to 20 s.
    """

    def __init__(
        self,
        *,
        heap: str = "512m",
        password: str = "",
        settings: Mapping[str, str] | None = None,
        files: Mapping[str, bytes] | None = None,
        authority: Path | None = None,
        java_options: str = "",
        folder: Path | None = None,
    ) -> None:
        self.java, archive = find_java(), find_archive()
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
        self._lock = hold(self.folder)
        self.heap, self.java_options = heap, java_options
        self.user, self.password = "elastic" if password else "", password
        self.port, transport = free_port(), free_port()
        tls = authority is not None
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.settings = {
            **_SETTINGS,
            "http.port": str(self.port),
            "transport.port": str(transport),
            "path.data": str(self.folder / "data"),
            "path.logs": str(self.folder / "logs"),
            "path.repo": str(self.snapshots),
            "xpack.security.enabled": "true" if password else "false",
            **({} if tls else {"xpack.security.http.ssl.enabled": "false"}),
            **(settings or {}),
        }
        self._launcher: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(
            base_url=self.url,
            auth=(self.user, password) if password else None,
            timeout=60,
            trust_env=False,
            verify=ssl.create_default_context(cafile=str(authority)) if authority else False,
        )
        try:
            self._unpack(archive, files or {})
        except BaseException:
            self.close()
            raise

    @property
    def home(self) -> Path:
        """Where the distribution lies."""
        return self.folder / f"elasticsearch-{VERSION}"

    @property
    def snapshots(self) -> Path:
        """The folder in which repositories of type `fs` may lie (path.repo)."""
        return self.folder / "snapshots"

    @property
    def pid(self) -> int:
        """Of the server's own Java, not of the program that launches and watches it."""
        return int((self.folder / "pid").read_text())

    def start(self) -> Self:
        """Start, and wait until every shard that can be had is there. Raise `NotStarted`."""
        (self.folder / "pid").unlink(missing_ok=True)
        arguments = [f"-E{key}={value}" for key, value in self.settings.items()]
        with (self.folder / "out.log").open("ab") as out:
            self._launcher = subprocess.Popen(
                [*as_nobody(), str(self.home / "bin" / "elasticsearch"), *arguments, "-p", str(self.folder / "pid")],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self.folder,
                start_new_session=True,
            )
        self.wait()
        return self

    def wait(self) -> None:
        """Until the server answers and no shard is on its way. Raise `NotStarted`."""
        deadline = time.monotonic() + _START_SECONDS
        ready = "/_cluster/health?wait_for_status=yellow&wait_for_no_initializing_shards=true&timeout=5s"
        while time.monotonic() < deadline:
            if self._launcher is None or self._launcher.poll() is not None:
                raise NotStarted(f"Elasticsearch ended while starting\n{self.log_tail()}")
            try:
                if self._client.get(ready).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        raise NotStarted(f"Elasticsearch did not get ready within {_START_SECONDS:.0f} s\n{self.log_tail()}")

    def stop(self) -> None:
        """End it as an operator does, and wait until it has ended; what it holds can be started again."""
        if self._launcher is not None:
            self._launcher.terminate()
            self._join()

    def kill(self) -> None:
        """kill -9 of the server itself, as when the machine fails; returns when it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        self._join()

    def request(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """The decoded answer of one request. Raise `httpx.HTTPStatusError`, with the body in it, if it is an error."""
        answer = (
            self._client.request(method, path, json=body, **options)
            if body is not None
            else self._client.request(method, path, **options)
        )
        if answer.is_error:
            raise httpx.HTTPStatusError(f"{answer.status_code} {answer.text}", request=answer.request, response=answer)
        return answer.json() if answer.content else None

    def until(self, method: str, path: str, holds: Callable[[Any], bool], *, seconds: float = 90.0) -> Any:
        """Ask again and again until the answer is as wished; returns it. Raise `NotStarted` when time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.request(method, path)
            if holds(answer):
                return answer
            time.sleep(0.2)
        raise NotStarted(f"{method} {path} did not become what was wished for within {seconds:.0f} s")

    def forget(self, name: str) -> None:
        """Remove every index and template whose name begins with `name`."""
        for index in self.request("GET", f"/{name}*/_alias?expand_wildcards=all"):
            self.request("DELETE", f"/{index}")
        for kind in ("index_template", "component_template"):
            if self.request("GET", f"/_{kind}?filter_path={kind}s.name"):
                known = [one["name"] for one in self.request("GET", f"/_{kind}")[f"{kind}s"]]
                for template in (one for one in known if one.startswith(name)):
                    self.request("DELETE", f"/_{kind}/{template}")

    def log_tail(self, lines: int = 30) -> str:
        """The last lines that it said."""
        log = self.folder / "out.log"
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:]) if log.exists() else ""

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        self._client.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, bad: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _join(self) -> None:
        assert self._launcher is not None
        try:
            self._launcher.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._launcher.pid, signal.SIGKILL)
            self._launcher.wait()
        self._launcher = None

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.folder),
            "ES_JAVA_HOME": str(self.java),
            "ES_JAVA_OPTS": f"-Xms{self.heap} -Xmx{self.heap} {self.java_options}",
            "ES_TMPDIR": str(self.folder / "tmp"),
        }

    def _unpack(self, archive: Path, files: Mapping[str, bytes]) -> None:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(self.folder)
        for name in ("tmp", "data", "logs", "snapshots"):
            (self.folder / name).mkdir()
        for program in (self.home / "bin").iterdir():
            program.chmod(0o755)  # zipfile forgets that they are programs
        for name, content in files.items():
            (self.home / "config" / name).write_bytes(content)
        if os.geteuid() == 0:
            for one in (self.folder, *self.folder.rglob("*")):
                os.chown(one, NOBODY, NOBODY)
        if self.password:
            self._keep("bootstrap.password", self.password)

    def _keep(self, name: str, value: str) -> None:
        """Put a secret into the keystore, by standard input: arguments are seen by everybody on the machine."""
        command = [*as_nobody(), str(self.home / "bin" / "elasticsearch-keystore"), "add", "-f", "-x", name]
        subprocess.run(command, input=value, text=True, check=True, capture_output=True, env=self._environment())


def main() -> int:
    """Run a server until it is interrupted: for trying things by hand."""
    with Server() as server:
        sys.stdout.write(f"{server.url}  pid {server.pid}  {server.folder}\nCtrl-C ends it\n")
        sys.stdout.flush()
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
