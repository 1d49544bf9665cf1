"""Whose fault it was: a store of ours that refused is not blamed on the source, nor told in SQL."""

from __future__ import annotations

import errno

import pytest
from sqlalchemy.exc import OperationalError

from crawlers.endings import crash_reason


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OperationalError("INSERT INTO posts", {}, Exception("database is locked")),
            "本机没能保存（database is locked），与该信源无关，下次再取",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/vault/x"),
            "本机没能保存（No space left on device），与该信源无关，下次再取",
        ),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "采集程序出错，已记录（ConnectionResetError："),
        (ValueError("first\nsecond"), "采集程序出错，已记录（ValueError：first）"),
    ],
)
def test_a_reason_is_one_line_that_names_the_culprit(error: Exception, said: str) -> None:
    assert crash_reason(error).startswith(said)
    assert "\n" not in crash_reason(error)
