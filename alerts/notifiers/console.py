"""Cards on a text stream and in `<data_dir>/alerts.jsonl`: the channel that needs no account.

Exactly once per message id: the log is asked before it is written, and it is on disk before the answer is "ok".
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any, TextIO

from alerts.notifiers.attached import load, with_notes
from alerts.notifiers.base import Delivery, Message
from core.clock import Clock
from core.wire import dumps


class ConsoleNotifier:
    """Prints and logs cards. Threads of one process may share it."""

    def __init__(self, *, path: Path, stream: TextIO, clock: Clock) -> None:
        self.path, self.stream, self.clock = path, stream, clock
        self._lock = threading.Lock()
        self._known: set[str] = set()
        #: How far the log was read: the end of its last whole line.
        self._read_to = 0

    def send(self, message: Message) -> Delivery:
        """Log the card durably, then print it. A card whose id stands in the log already is not sent again."""
        files, notes = load(message.attachments)
        text = with_notes(message.text, notes)
        row = _row(message, text, at=self.clock().isoformat())
        row["attachments"] = [{"path": str(item.path), "name": item.name} for item in message.attachments]
        row["sha256"] = {file.name: file.sha256 for file in files}
        with self._lock:
            try:
                torn = self._catch_up()
                if message.id in self._known:
                    return Delivery(ok=True, reason="此前已写入，未重复输出")
                self._append(row, after_torn_line=torn)
            except OSError as bad:
                return Delivery(ok=False, retry=True, reason=f"无法写入 {self.path.name}（{bad.strerror}）")
            self._known.add(message.id)
        return Delivery(ok=True, reason="；".join((*self._print(text), *notes)))

    def _catch_up(self) -> bool:
        """Learn the ids that were written since the last look; returns whether the last line is torn."""
        if not self.path.exists():
            self._read_to = 0
            self._known.clear()
            return False
        with self.path.open("rb") as log:
            if log.seek(0, os.SEEK_END) < self._read_to:  # rotated or cut: start over
                self._read_to = 0
                self._known.clear()
            log.seek(self._read_to)
            fresh = log.read()
        whole, _, rest = fresh.rpartition(b"\n")
        for line in whole.splitlines():
            known = _id_of(line)
            if known:
                self._known.add(known)
        self._read_to += len(fresh) - len(rest)
        return bool(rest)

    def _append(self, row: dict[str, Any], *, after_torn_line: bool) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # One write with O_APPEND: lines of two processes do not mix.
        line = ("\n" if after_torn_line else "") + dumps(row) + "\n"
        with self.path.open("ab", buffering=0) as log:
            payload = line.encode()
            if log.write(payload) != len(payload):
                raise OSError(0, "磁盘空间不足")
            os.fsync(log.fileno())

    def _print(self, text: str) -> list[str]:
        """Show the card. The log is the proof, so a closed terminal is a remark and no failure."""
        try:
            self.stream.write(f"{'─' * 60}\n{text.rstrip()}\n{'─' * 60}\n")
            self.stream.flush()
        except (OSError, ValueError):
            return ["终端不可写，只写入了日志文件"]
        return []


def _row(message: Message, text: str, *, at: str) -> dict[str, Any]:
    return {
        "id": message.id,
        "at": at,
        "kind": message.kind,
        "grade": message.grade,
        "title": message.title,
        "text": text,
        "link": message.link,
        "evidence": message.evidence,
        "facts": message.facts,
    }


def _id_of(line: bytes) -> str | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None  # torn by a crash, mended by the next line
    return row.get("id") if isinstance(row, dict) else None
