"""What a file system or a database refused, as one Chinese line; a traceback tells an operator nothing."""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

#: What the world can do to a command without any bug of ours.
FAULTS = (OSError, sqlite3.Error, SQLAlchemyError)

_REFUSED = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.EFBIG: "文件超过了系统允许的大小",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "文件系统只读",
    errno.EEXIST: "不是文件夹",
    errno.ENOTDIR: "不是文件夹",
    errno.EISDIR: "是一个文件夹",
    errno.ENOENT: "不存在",
    errno.EIO: "磁盘读写出错",
    errno.EMFILE: "打开的文件太多",
}
#: SQLite's own words, and ours.
_SQLITE = (
    ("not a database", "文件已损坏，或者不是数据库"),
    ("malformed", "文件已损坏"),
    ("database is locked", "另一个进程占用太久，请稍后再试"),
    ("is full", "磁盘已满，请腾出空间"),
    ("readonly", "文件只读，请检查权限"),
    ("unable to open", "无法打开，请检查路径与权限"),
    ("disk i/o error", "磁盘读写出错"),
)
_RESTORE = "请移开 tingfeng.sqlite 并从备份恢复"
_REBUILD = "请运行 tingfeng index rebuild"


def explain(fault: BaseException) -> str:
    """One line that says what was refused, by whom, and what helps where we know it."""
    if isinstance(fault, OSError):
        why = _REFUSED.get(fault.errno or 0, fault.strerror or str(fault))
        return f"{fault.filename}：{why}" if fault.filename else why
    if isinstance(fault, sqlite3.Error):  # only the index speaks to SQLite without SQLAlchemy
        return _database("检索索引", str(fault), mend=_REBUILD)
    words = str(fault.orig) if isinstance(fault, DBAPIError) else str(fault)
    return _database("数据库", words, mend=_RESTORE)


def _database(name: str, words: str, *, mend: str) -> str:
    first = words.strip().splitlines()[0] if words.strip() else "未说明原因"
    why = next((said for sign, said in _SQLITE if sign in first.lower()), first)
    return f"{name}不能使用：{why}" + (f"。{mend}" if "损坏" in why else "")
