"""The exception tree. Each class says what the world did, so that one `except` names one thing that can happen.

::

    TingfengError
    ├── ConfigError           a settings file or variable is wrong; the command ends with exit code 2
    ├── BadInput              a line of an imported or piped file cannot be read
    ├── QuerySyntaxError      a search text cannot be understood; knows the position
    ├── IndexTrouble          the search index cannot do what was asked, whoever asks
    │   ├── IndexUnavailable  it is down, red, full or refuses us: waiting helps, or an operator
    │   └── IndexMismatch     it is not what this program writes: another version, another mapping
    ├── NotFound              an id that the caller named does not exist
    ├── RefusedTransition     a case cannot go from its state to the wished one
    ├── PageError             a fetched page is not what it should be
    │   ├── Blocked           login wall, captcha, 403/418/432: the site refuses us
    │   ├── LayoutChanged     the page came, but required fields are missing
    │   └── Down              network error or 5xx
    ├── EvidenceError         something about an exhibit
    │   ├── BrowserMissing    no usable Chromium on this machine
    │   └── LedgerBroken      the hash chain does not hold
    ├── ModelError            the classifier's files are missing or not ours
    ├── StoreTooNew           a newer program wrote the database
    └── AlreadyRunning        another `tingfeng run` holds this data folder

Five more live beside the only code that can meet them: `core.durations.BadDuration`, `demo.world.BadEpoch`,
`analysis.corrections.RefusedCorrection` (what a person says makes no sense of the verdict it is about), and a
`PortTaken` each in `app.serving` and `demo.server` (the demo knows nothing of the product).
"""

from __future__ import annotations

from core.caret import pointed


class TingfengError(Exception):
    """Something the product can name went wrong."""


class ConfigError(TingfengError):
    """A setting is wrong. `str()` is one line that names file, key, value and the fix."""

    def __init__(self, *, file: str, key: str, value: str, problem: str, fix: str) -> None:
        self.file, self.key, self.value, self.problem, self.fix = file, key, value, problem, fix
        super().__init__(f"配置错误 文件={file} 键={key} 值={value}：{problem}。修正：{fix}")


class BadInput(TingfengError):
    """One line of input cannot be read; names the file, the line, the key, the value and the fix."""

    def __init__(self, *, file: str, line: int, key: str, value: str, fix: str) -> None:
        self.file, self.line, self.key, self.value, self.fix = file, line, key, value, fix
        super().__init__(f"输入有误 文件={file} 第{line}行 字段={key} 值={value}。修正：{fix}")


class QuerySyntaxError(TingfengError):
    """The search text cannot be understood. `position` counts characters from 0 in `text`."""

    def __init__(self, text: str, position: int, problem: str, fix: str) -> None:
        self.text, self.position, self.problem, self.fix = text, position, problem, fix
        super().__init__(f"检索式有误：第{position + 1}个字符处{problem}。{fix}\n{pointed(text, position)}")


class IndexTrouble(TingfengError):
    """The search index cannot do what was asked, for a reason that lies in it and not in the asking."""


class IndexUnavailable(IndexTrouble):
    """The index is down, red, full, overloaded or refuses our name: what waits for it stays waiting, in order."""


class IndexMismatch(IndexTrouble):
    """The index is not what this program writes: another major version, another mapping. Names what, and the fix."""


class NotFound(TingfengError):
    """The caller named an id that does not exist."""


class RefusedTransition(TingfengError):
    """A case cannot go from its present state to the wished one."""


class PageError(TingfengError):
    """A fetched page is not what it should be. `url` is the page, `sign` what gave it away."""

    def __init__(self, url: str, sign: str) -> None:
        self.url, self.sign = url, sign
        super().__init__(f"{sign} ({url})")


class Blocked(PageError):
    """The site refuses us: login wall, captcha, ban page. Reported and waited out, never evaded."""


class LayoutChanged(PageError):
    """The page came, but fields that it must have are missing."""


class Down(PageError):
    """The network or the server failed."""


class EvidenceError(TingfengError):
    """Something about an exhibit cannot be done or does not hold."""


class BrowserMissing(EvidenceError):
    """No usable Chromium on this machine."""


class LedgerBroken(EvidenceError):
    """The hash chain of the ledger does not hold; names the first bad entry."""


class ModelError(TingfengError):
    """The classifier's files are missing, damaged or made for another version."""


class StoreTooNew(TingfengError):
    """The database has a schema that this code does not know: using it could destroy what a newer program wrote."""


class AlreadyRunning(TingfengError):
    """Another `tingfeng run` holds this data folder."""
