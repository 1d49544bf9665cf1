"""The quotation marks of Chinese and Western keyboards, and what stands between them."""

from __future__ import annotations

from core.errors import QuerySyntaxError

#: Which characters may close what these opened: people mix a keyboard's straight quote with the ones it turns into.
CLOSING = {
    '"': '"”', "“": '”"“', "”": '”"', "„": '”“"', "‘": "’‘", "「": "」", "『": "』", "«": "»", "〝": "〞〟",
    "﹁": "﹂", "﹃": "﹄",
}  # fmt: skip
#: Marks that only ever close: outside of a phrase they are a mistake. "’" is not here, it is an apostrophe too.
STRAY = "」』»〞〟﹂﹄"
#: What a backslash takes its meaning from, within quotes.
_ESCAPABLE = set("\\") | set(CLOSING) | set("".join(CLOSING.values()))
#: What would end a phrase between straight quotes, what reads as such, and the backslash itself.
_ESCAPED = '\\"＂“”'


def read_quoted(text: str, plain: str, at: int) -> tuple[str, int]:
    """The phrase whose opening quote stands at `at`, and where what follows it begins.

    `plain` is `text` with full-width marks made half-width, character for character. Raise `QuerySyntaxError` where
    the phrase is not closed.
    """
    closing, pieces, here = CLOSING[plain[at]], [], at + 1
    while here < len(plain):
        if plain[here] == "\\" and plain[here + 1 : here + 2] in _ESCAPABLE:
            pieces.append(text[here + 1])
            here += 2
        elif plain[here] in closing:
            return "".join(pieces), here + 1
        else:
            pieces.append(text[here])
            here += 1
    raise QuerySyntaxError(text, at, "引号没有闭合", f"请补上右引号 {closing[0]} 。")


def quoted(text: str) -> str:
    """The text between straight quotes, as a phrase or a field's value."""
    return '"' + "".join("\\" + char if char in _ESCAPED else char for char in text) + '"'
