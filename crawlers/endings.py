"""How the crawl of one source ends: what the walk says, weighed against what this source usually yields.

A walk that looks well is doubted where a field is read no more or the silence is an improbable one; a source that looks
empty is checked with its canary. Only a crawl that is believed moves the cursor.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from core.durations import in_chinese
from core.errors import PageError
from crawlers import revisits
from crawlers.budget import DAY_SPENT
from crawlers.canary import Canary, listen
from crawlers.expectations import Silence, improbable_silence, lost_field
from crawlers.pages.urls import identity
from crawlers.reports import Conclusion, SourceReport, Tally, conclude, refused
from crawlers.sources import patience
from crawlers.visits import Visit
from evidence.vault import RawResponse

#: The cursor's entry for the pages that failed since one was last read: their identities.
FAILING = "failing"
_MOST_FAILING = 20
#: What a disk of ours says; a network says other things.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})
#: Crawls that read posts, from which the usual share of each field is learnt.
_READINGS = 200
#: A source's rhythm is learnt from so long ago on.
_RHYTHM = timedelta(days=45)
#: No shorter silence is worth a look.
_SHORTEST_SILENCE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """A conclusion and the response that decided it."""

    conclusion: Conclusion
    proof: RawResponse | None
    #: Whether posts can still be read although something is wrong.
    readable: bool = False


async def finished(visit: Visit, cursor: Mapping[str, Any]) -> SourceReport:
    """The report of a walk that came to its end, with its new cursor."""
    if visit.entrance is None:  # the day's requests were used up before the first page
        return await ran_out(visit, "；".join(visit.notes))
    lost = await _lost_span(visit)
    if lost:
        visit.notes.append(f"{_between(visit, *lost)}的内容没有补采")
    if pending := _pending(cursor):
        visit.notes.append(f"{_between(visit, *pending)}的内容还没有读到")
    failing = _failing(visit)
    ending = await _weighed(visit, _walked(visit, len(failing)))
    if ending.conclusion.failed:
        return await _report(visit, ending, cursor=None)
    said = len(visit.notes)
    tries = await revisits.look_again(visit)
    conclusion = ending.conclusion
    conclusion = replace(conclusion, reason="；".join((conclusion.reason, *visit.notes[said:])))
    conclusion = _put_off(visit, conclusion)
    if tries:
        cursor = {**cursor, revisits.KEY: revisits.as_json(tries)}
    if failing and not visit.reread:
        # Nothing says whether it is these pages or the site: they are not given up, the next crawl starts where we did.
        cursor = {**visit.cursor, revisits.KEY: revisits.as_json(tries), FAILING: failing}
    return await _report(visit, replace(ending, conclusion=conclusion), cursor=cursor, lost=lost)


def _put_off(visit: Visit, said: Conclusion) -> Conclusion:
    """What a good walk says after which the site, or our own limit of its day, keeps us away for several turns.

    What was read is kept and counts; but until then nobody watches, and that is no silence to trust.
    """
    away = visit.retry_after
    if away is None or away <= patience(visit.source.every):
        return said
    spent = next((note for note in visit.notes if note.startswith(DAY_SPENT)), None)
    if spent is None:
        reason = f"站点要求 {in_chinese(away)}后再来；{said.reason}"
        return Conclusion(state="blocked", reason=reason, failed=True)
    rest = [part for part in said.reason.split("；") if part != spent]
    return Conclusion(state="down", reason="；".join((spent, *rest)), failed=True)


async def ran_out(visit: Visit, sign: str) -> SourceReport:
    """The report of a walk that our own limit ended outside the spider's care: nothing is known, nothing moves."""
    conclusion = Conclusion(state="down", reason=sign, failed=True)
    return await _report(visit, _Ending(conclusion=conclusion, proof=None), cursor=None)


async def broke_off(visit: Visit, error: PageError) -> SourceReport:
    """The report of a walk that the site ended."""
    return await _report(visit, _Ending(conclusion=refused(error), proof=visit.proof_of(error)), cursor=None)


async def crashed(visit: Visit, error: BaseException) -> SourceReport:
    """The report of a walk that a fault of ours ended: in our store, or in the program."""
    conclusion = Conclusion(state="broken", reason=crash_reason(error), failed=True)
    return await _report(visit, _Ending(conclusion=conclusion, proof=None), cursor=None)


def _failing(visit: Visit) -> list[str]:
    """Pages that failed in this crawl and those before it, since one was last read; none where this one read any."""
    if visit.read or visit.posts:
        return []
    before = visit.cursor.get(FAILING, []) if visit.missed else []
    return list(dict.fromkeys((*before, *(identity(bad.url) for bad in visit.missed))))[-_MOST_FAILING:]


def _walked(visit: Visit, failing: int) -> _Ending:
    """What the walk says by itself."""
    assert visit.entrance is not None
    tally = Tally(
        entrance=visit.entrance.parsed.state,
        proven=visit.proven,
        never_empty=visit.source.never_empty,
        pages=visit.pages,
        read=visit.read,
        missed=tuple(visit.missed),
        failing=failing,
        posts=visit.posts,
        fresh=visit.new + visit.changed,
        notes=tuple(visit.notes),
    )
    conclusion, entrance = conclude(tally), visit.entrance.raw
    at_entrance = conclusion.state in ("ok", "empty")
    return _Ending(conclusion=conclusion, proof=entrance if at_entrance else visit.last_bad or entrance)


async def _weighed(visit: Visit, ending: _Ending) -> _Ending:
    """The walk's word against what the source usually yields and what its canary says."""
    if ending.conclusion.state == "ok" and visit.posts and visit.history:
        runs = await asyncio.to_thread(visit.history.readings, visit.source.id, _READINGS)
        drift = lost_field(runs, posts=visit.posts, filled=visit.filled.rates())
        if drift:
            conclusion = Conclusion(state="broken", reason="；".join((drift, *visit.notes)), failed=True)
            return _Ending(conclusion=conclusion, proof=visit.sample or ending.proof, readable=True)
    silence = await _silence(visit) if ending.conclusion.state == "ok" else None
    if ending.conclusion.state != "empty" and silence is None:
        return ending
    if not visit.source.canary:
        return ending if silence is None else _doubted(visit, ending, f"{silence.sentence}，可能被限流，请核实")
    peek = await visit.peek(visit.source.canary)
    said = silence.sentence if silence else ending.conclusion.reason
    return _with_canary(visit, ending, said, listen(peek.found), peek.raw)


def _with_canary(visit: Visit, ending: _Ending, said: str, canary: Canary, raw: RawResponse | None) -> _Ending:
    if canary.verdict == "mute":
        conclusion = Conclusion(state="blocked", reason="；".join((canary.sign, said)), failed=True)
        return _Ending(conclusion=conclusion, proof=raw or ending.proof)
    if canary.verdict == "useless":
        return _doubted(visit, ending, f"{said}；{canary.sign}")
    plain = said.partition("；")[0]  # without the doubt that the canary has settled
    reason = "；".join((plain, f"{canary.sign}，确无新内容", *visit.notes))
    return replace(ending, conclusion=Conclusion(state="empty", reason=reason, failed=False))


def _doubted(visit: Visit, ending: _Ending, reason: str) -> _Ending:
    readable = ending.conclusion.state == "ok"
    conclusion = Conclusion(state="empty", reason="；".join((reason, *(visit.notes if readable else ()))), failed=True)
    return replace(ending, conclusion=conclusion, readable=readable)


async def _silence(visit: Visit) -> Silence | None:
    if visit.history is None or visit.new or not visit.proven:
        return None
    source, now = visit.source, visit.started
    last = await asyncio.to_thread(visit.history.last_new, source.id)
    if last is None or now - last < max(_SHORTEST_SILENCE, 2 * source.every):
        return None
    runs = await asyncio.to_thread(visit.history.runs, source.id, now - _RHYTHM)
    return improbable_silence(runs, now=now, every=source.every, zone=visit.zone)


async def _lost_span(visit: Visit) -> tuple[datetime, datetime] | None:
    """From when to when nothing was collected and nothing will be: longer ago than a crawl reads back.

    It begins at the last good crawl, or where the walk before should have come to and did not (the cursor's "floor").
    """
    before = visit.before
    if before is None or before.last_ok is None:
        return None
    floor = visit.cursor.get("floor")
    begins = max(datetime.fromisoformat(floor), before.added) if isinstance(floor, str) else before.last_ok
    ends = visit.started - visit.limits.backfill
    if begins < ends and visit.history:
        # Crawls that read posts of which a field was lost did read them.
        readings = await asyncio.to_thread(visit.history.readings, visit.source.id, 1)
        begins = max([begins, *(run.started for run in readings if run.state == "broken")])
    return (begins, ends) if begins < ends else None


def _pending(cursor: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """From when to when a walk that was cut leaves something for the next: a cursor's "floor" and "reached"."""
    floor, reached = cursor.get("floor"), cursor.get("reached")
    if not (isinstance(floor, str) and isinstance(reached, str)):
        return None
    begins, ends = datetime.fromisoformat(floor), datetime.fromisoformat(reached)
    return (begins, ends) if begins < ends else None


def _between(visit: Visit, begins: datetime, ends: datetime) -> str:
    first, last = (moment.astimezone(visit.zone).strftime("%m-%d %H:%M") for moment in (begins, ends))
    return f"{first} 至 {last} "


async def _report(
    visit: Visit, ending: _Ending, *, cursor: Mapping[str, Any] | None, lost: tuple[datetime, datetime] | None = None
) -> SourceReport:
    proof = None
    if ending.proof is not None and visit.vault is not None:
        proof = await asyncio.to_thread(visit.vault.put_response, ending.proof)
    return SourceReport(
        source=visit.source.id,
        state=ending.conclusion.state,
        reason=ending.conclusion.reason,
        failed=ending.conclusion.failed,
        started=visit.started,
        ended=visit.clock(),
        proof=proof,
        pages=visit.pages,
        posts=visit.posts,
        new=visit.new,
        changed=visit.changed,
        cursor=cursor,
        retry_after=visit.retry_after,
        readable=ending.readable,
        filled=visit.filled.rates(),
        lost=lost,
    )


def crash_reason(error: BaseException) -> str:
    """One sentence that tells a store of ours that refused from a program that is wrong."""
    if isinstance(error, DBAPIError):
        return f"本机没能保存（{_line(error.orig)}），与该信源无关，下次再取"
    if isinstance(error, OSError) and error.errno in _DISK:
        return f"本机没能保存（{error.strerror}），与该信源无关，下次再取"
    return f"采集程序出错，已记录（{type(error).__name__}：{_line(error)}）"


def _line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0][:120]
