"""One run of delivering: a thread for each notifier, so that a slow or broken channel never holds up another.

The threads only compose and send; claiming and recording stay with the caller's thread. A lane that failed rests
for a moment, and what was claimed for it is given back, so that a dead provider is asked by one message at a time.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import OperationalError

from alerts.messages import MessageKind
from alerts.notifiers.base import Delivery
from alerts.retries import Step
from core.clock import Clock
from core.model import GRADES, ExhibitState, Grade
from core.work import WorkItem

#: How long a claimed message is ours. A send must begin in the first half, so that it ends in the second.
LEASE = timedelta(minutes=5)
#: Messages claimed at once.
CLAIM = 20
#: The longest rest of a lane that did not ask for one itself.
LONGEST_REST = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A claimed message."""

    item: WorkItem
    message: str
    notifier: str
    kind: MessageKind
    alert: str | None
    grade: Grade | None
    claimed: datetime

    @property
    def urgency(self) -> int:
        """Smaller goes first: 特急 overtakes what waits in the same lane; what has no grade goes last."""
        return GRADES.index(self.grade) if self.grade else len(GRADES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one try, and the state of the evidence that the reader was told."""

    delivery: Delivery
    evidence: ExhibitState | None = None


class Desk(Protocol):
    """Where parcels come from and where their fate is written down: `alerts.outbox.Outbox`."""

    def claim(self, limit: int, *, now: datetime) -> list[Parcel]:
        """Due messages, under a lease of `LEASE`."""
        ...

    def attempt(self, parcel: Parcel, *, now: datetime) -> Attempt:
        """Compose and send. Runs in the notifier's thread."""
        ...

    def record(self, parcel: Parcel, attempt: Attempt, *, now: datetime) -> Step:
        """Keep the proof and settle the message or plan its next try."""
        ...

    def give_back(self, parcels: list[Parcel], *, due: datetime, reason: str) -> None:
        """Let go of messages that were not tried."""
        ...


@dataclass(slots=True)
class _Lane:
    """One notifier: what it holds, what it is sending, until when it rests."""

    pool: ThreadPoolExecutor
    waiting: list[Parcel] = field(default_factory=list)
    sending: Parcel | None = None
    job: Future[Attempt] | None = None
    rests_until: datetime | None = None


class Courier:
    """Carries due messages until told to end. Use as a context manager: leaving it waits for sends in flight."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self.desk, self.clock = desk, clock
        self.attempts = 0
        self._lanes: dict[str, _Lane] = {}

    def __enter__(self) -> Courier:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def step(self, *, timeout: float) -> bool:
        """Claim, start and record what can be; wait up to `timeout` seconds for a running send.

        Returns whether anything is left to do now: False means idle. Raises what the desk raises; an answer that
        could not be recorded because the database is away is recorded by a later step, and its message not sent again.
        """
        self._collect()  # before claiming: what waits to be recorded may be free to claim by now
        claimed = self._take()
        self._start()
        running = [lane.job for lane in self._lanes.values() if lane.job]
        if running:
            wait(running, timeout=timeout, return_when=FIRST_COMPLETED)
        self._collect()
        return claimed > 0 or any(lane.job or lane.waiting for lane in self._lanes.values())

    def finish(self) -> None:
        """Wait for what was begun (each send has its own timeout), record it, give the rest back."""
        for lane in self._lanes.values():
            lane.pool.shutdown()
        self._collect()
        for lane in self._lanes.values():
            self._return(lane.waiting, due=self.clock(), reason="通知进程正在退出")
        self._lanes.clear()

    def _take(self) -> int:
        now = self.clock()
        parcels = self.desk.claim(CLAIM, now=now)
        for parcel in parcels:
            lane = self._lane(parcel.notifier)
            if lane.rests_until and now < lane.rests_until:
                self._return([parcel], due=lane.rests_until, reason="渠道暂时不可用，稍后再试")
            else:
                lane.waiting.append(parcel)
        return len(parcels)

    def _start(self) -> None:
        for lane in self._lanes.values():
            now = self.clock()
            # Behind a slow send, leases grow old: whoever comes next may have what we cannot begin in time.
            aged = [parcel for parcel in lane.waiting if now - parcel.claimed > LEASE / 2]
            self._return(aged, due=now, reason="排队过久，重新领取")
            lane.waiting = [parcel for parcel in lane.waiting if parcel not in aged]
            if lane.job is None and lane.waiting:
                lane.sending = min(lane.waiting, key=lambda parcel: parcel.urgency)
                lane.waiting.remove(lane.sending)
                lane.job = lane.pool.submit(self.desk.attempt, lane.sending, now=now)

    def _collect(self) -> None:
        for lane in self._lanes.values():
            if lane.job is None or lane.sending is None or not lane.job.done():
                continue
            parcel, job, now = lane.sending, lane.job, self.clock()
            attempt = _answer(job)
            lane.sending = lane.job = None
            try:
                step = self.desk.record(parcel, attempt, now=now)
            except OperationalError:
                lane.sending, lane.job = parcel, job  # the database is away: the next step records it
                raise
            self.attempts += 1
            if step.state == "waiting":
                rest = max(min(step.pause, LONGEST_REST), attempt.delivery.after or timedelta())
                lane.rests_until = now + min(rest, step.pause)
                self._return(lane.waiting, due=lane.rests_until, reason="渠道暂时不可用，稍后再试")
                lane.waiting = []

    def _return(self, parcels: list[Parcel], *, due: datetime, reason: str) -> None:
        if parcels:
            self.desk.give_back(parcels, due=due, reason=reason)

    def _lane(self, notifier: str) -> _Lane:
        if notifier not in self._lanes:
            self._lanes[notifier] = _Lane(ThreadPoolExecutor(1, thread_name_prefix=f"deliver-{notifier}"))
        return self._lanes[notifier]


def _answer(job: Future[Attempt]) -> Attempt:
    """The attempt's answer. A bug in a notifier or a card is an answer too: it is counted, shown, and stops nobody."""
    bug = job.exception()
    if bug is None:
        return job.result()
    if not isinstance(bug, Exception):
        raise bug
    return Attempt(delivery=Delivery(ok=False, retry=True, reason=f"发送程序出错（{type(bug).__name__}）"))
