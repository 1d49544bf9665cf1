"""Whether a mention that a saved search finds is news: the dispatcher's rule of freshness, without grades or events."""

from __future__ import annotations

from datetime import datetime

from alerts.reviewing import is_history
from alerts.stages import Prior, is_archive
from core.model import Mention
from core.settings import Settings

#: Reasons that say: a person has judged this post.
_SAID_BY_A_PERSON = frozenset({"correction.missed", "correction.grade", "correction.category"})
#: What the dispatcher's record says of an old post that a reassessment left to the digest.
_REASSESSED = "reassessed"


def is_news(mention: Mention, prior: Prior | None, *, settings: Settings, now: datetime) -> bool:
    """Whether somebody may be told of it now; `prior` is what the dispatcher said of the post.

    What was history when it was collected is not; nor is what was published to people more than `[alerts] fresh` ago
    and is only judged anew, unless the post is fresh itself, was edited since, or a person judged it.
    """
    if any(reason.code in _SAID_BY_A_PERSON for reason in mention.verdict.reasons):
        return True
    if is_archive(mention.post, seen=prior.at if prior else now, settings=settings):
        return False
    if prior is None or not is_history(mention.post, fresh=settings.alerts.fresh, now=now):
        return True
    return prior.reason != _REASSESSED and now - prior.at <= settings.alerts.fresh
