"""Ranges of days on which a complaint weighs more: every year ("03-08") or once ("2027-02-05")."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from core.settings import Section

#: A leap year, so that 02-29 is a day.
_SAMPLE_YEAR = 2024
_FORM = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")


def _day(text: str) -> str:
    found = _FORM.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        date(int(found[1] or _SAMPLE_YEAR), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError('日期应写成 "月-日" 或 "年-月-日"，例如 "03-08"、"2027-02-05"') from None
    return text


Day = Annotated[str, Field(strict=True), AfterValidator(_day)]


class Window(Section):
    """One range of days, both ends included; a yearly one may reach into the next year."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    start: Annotated[Day, Field(alias="from")]
    until: Day
    points: Annotated[int, Field(ge=0, le=100, strict=True)]

    @model_validator(mode="after")
    def _fits(self) -> Any:
        if len(self.start) != len(self.until):
            raise ValueError('from 与 until 应同为 "月-日" 或同为 "年-月-日"')
        if len(self.start) == len("2027-02-05") and self.start > self.until:
            raise ValueError("from 应不晚于 until")
        return self

    def holds(self, day: date) -> bool:
        """Whether the day lies within."""
        text = day.isoformat()
        if len(self.start) == len(text):
            return self.start <= text <= self.until
        text = text[-len(self.start) :]
        if self.start <= self.until:
            return self.start <= text <= self.until
        return text >= self.start or text <= self.until


Windows = dict[str, Window]
