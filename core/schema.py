"""Every table in one place. Alembic's migrations build them; a test proves that the two agree.

Times are UTC (`UtcTime` refuses naive values and gives aware ones back); lists and small records are JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC without its zone, as SQLite and PostgreSQL both can."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; store UTC."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"naive datetime: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# -- what was said ---------------------------------------------------------------------------------------------------

posts = Table(
    "posts",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("site", String(255), nullable=False),
    Column("native_id", String(2000), nullable=False),
    Column("url", Text, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("title", Text),
    Column("text", Text, nullable=False),
    Column("author", JSON, nullable=False),
    Column("published", UtcTime),
    Column("edited", UtcTime),
    Column("collected", UtcTime, nullable=False),
    Column("floor", Integer),
    Column("parent", String(24)),
    Column("counts", JSON, nullable=False),
    Column("images", JSON, nullable=False),
    #: Id of the source that found it first; "" for imports.
    Column("source", String(60), nullable=False),
    #: Vault address of the response it was read from.
    Column("raw", String(64)),
    Column("fingerprint", String(64), nullable=False),
    #: 1 for the text as first seen; each edit adds one.
    Column("version", Integer, nullable=False),
    #: When a crawl last saw it.
    Column("seen", UtcTime, nullable=False),
    #: Which page shows it, as a hash of the page's identity: all posts of one page share it.
    Column("page", String(24)),
    #: When a crawl first found that its source shows it no more, and the sign that said so.
    Column("gone", UtcTime),
    Column("gone_reason", Text),
    Index(None, "page"),
    Index(None, "parent"),
    Index(None, "published"),
    Index(None, "collected"),
    Index(None, "source"),
)

post_versions = Table(
    "post_versions",
    metadata,
    Column("post", String(24), ForeignKey("posts.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("title", Text),
    Column("text", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("raw", String(64)),
    Column("seen", UtcTime, nullable=False),
)

# -- what we think of it ---------------------------------------------------------------------------------------------

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", String(24), ForeignKey("posts.id"), primary_key=True),
    Column("negative", Float, nullable=False),
    Column("subjects", JSON, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("event", String(24)),
    Column("risk", Integer, nullable=False),
    Column("grade", String(1)),
    Column("reasons", JSON, nullable=False),
    Column("model", String(80), nullable=False),
    Column("judged", UtcTime, nullable=False),
    Index(None, "event"),
    Index(None, "grade"),
)

#: Verdicts that a later judgement replaced by a different one: what we thought when we did what we did.
verdict_history = Table(
    "verdict_history",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("post", String(24), ForeignKey("posts.id"), nullable=False),
    Column("negative", Float, nullable=False),
    Column("subjects", JSON, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("event", String(24)),
    Column("risk", Integer, nullable=False),
    Column("grade", String(1)),
    Column("reasons", JSON, nullable=False),
    Column("model", String(80), nullable=False),
    Column("judged", UtcTime, nullable=False),
    Column("replaced", UtcTime, nullable=False),
    #: What brought the new judgement: "edited", "reassess", "correction", ….
    Column("why", String(40), nullable=False),
    Index(None, "post"),
)

#: What people said of our judgement (误报, 漏报, 改级, 改类): it holds over every later judgement of the machine, and
#: the next training learns from it. Nothing is deleted; a correction taken back says when.
corrections = Table(
    "corrections",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("post", String(24), ForeignKey("posts.id"), nullable=False),
    #: "false_alarm", "missed", "grade" or "category".
    Column("kind", String(20), nullable=False),
    #: What the verdict said: {"negative", "grade", "categories", "subjects", "model"}.
    Column("before", JSON, nullable=False),
    #: What the person says instead: {"grade"} or {"categories"}, {} where the kind says it all.
    Column("after", JSON, nullable=False),
    #: The post's fingerprint then: a text that was edited since is another text.
    Column("fingerprint", String(64), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("withdrawn", UtcTime),
    Index(None, "post"),
    Index(None, "at"),
)

#: Text that was read from a post's pictures, one line a picture, also where nothing could be read.
picture_texts = Table(
    "picture_texts",
    metadata,
    Column("post", String(24), ForeignKey("posts.id"), primary_key=True),
    Column("url", Text, primary_key=True),
    #: "read", "empty" (no text in it), "refused" (not a picture, too large, forbidden address) or "failed".
    Column("state", String(10), nullable=False),
    Column("text", Text, nullable=False),
    #: Why it was refused or failed; one Chinese sentence.
    Column("reason", Text),
    #: Vault address of the picture.
    Column("raw", String(64)),
    Column("at", UtcTime, nullable=False),
)

#: By what a complainant may be known again on another channel (a name, a telephone number, the same text).
complainants = Table(
    "complainants",
    metadata,
    #: "n:" name, "i:" account, "t:" text, "c:" contact; hashed, so that nobody reads personal data along.
    Column("mark", String(80), primary_key=True),
    Column("post", String(24), ForeignKey("posts.id"), primary_key=True),
    Column("subject", String(60), primary_key=True),
    Column("channel", String(20), nullable=False),
    Column("site", String(255), nullable=False),
    Column("published", UtcTime, nullable=False),
    Index(None, "mark", "published"),
)

events = Table(
    "events",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("title", Text, nullable=False),
    Column("first_post", String(24), nullable=False),
    Column("first_published", UtcTime, nullable=False),
    Column("last_published", UtcTime, nullable=False),
    Column("size", Integer, nullable=False),
    Column("channels", JSON, nullable=False),
    #: The event that took this one over; its posts are there.
    Column("merged_into", String(24)),
    Index(None, "last_published"),
)

#: Who merged or split events, when and why: groups are changed by people and by the machine, never silently.
event_actions = Table(
    "event_actions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("event", String(24), ForeignKey("events.id"), nullable=False),
    #: "merge" (`other` went into `event`) or "split" (`posts` went from `event` to `other`).
    Column("action", String(20), nullable=False),
    Column("other", String(24), nullable=False),
    Column("posts", JSON, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "event"),
    Index(None, "other"),
)

#: What makes a post comparable with others of its story; the grouping's memory across restarts.
event_posts = Table(
    "event_posts",
    metadata,
    Column("post", String(24), primary_key=True),
    Column("event", String(24), ForeignKey("events.id"), nullable=False),
    Column("published", UtcTime, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("signature", Text, nullable=False),
    Index(None, "event"),
    Index(None, "published"),
)

# -- where we look ---------------------------------------------------------------------------------------------------

sources = Table(
    "sources",
    metadata,
    Column("id", String(60), primary_key=True),
    #: When this source was first crawled: older posts are history, not news.
    Column("added", UtcTime, nullable=False),
    Column("cursor", JSON, nullable=False),
    Column("state", String(10)),
    Column("reason", Text),
    Column("since", UtcTime),
    #: Vault address of the response that decided the state.
    Column("proof", String(64)),
    Column("last_run", UtcTime),
    Column("last_ok", UtcTime),
    Column("next_run", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("posts_seen", Integer, nullable=False),
)

#: The states each source went through: what a digest says about gaps, and whether somebody was told.
source_states = Table(
    "source_states",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source", String(60), nullable=False),
    Column("state", String(10), nullable=False),
    #: Whether something was wrong: an empty list may be believed or not.
    Column("failed", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    #: Vault address of the response that decided it.
    Column("proof", String(64)),
    Column("since", UtcTime, nullable=False),
    #: When it ended; null while it lasts.
    Column("until", UtcTime),
    #: When people were told that it began.
    Column("told", UtcTime),
    Index(None, "source", "since"),
)

#: One line per crawl of one source: what is expected of the next one is learnt from these.
source_runs = Table(
    "source_runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source", String(60), nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("ended", UtcTime, nullable=False),
    Column("state", String(10), nullable=False),
    Column("pages", Integer, nullable=False),
    Column("posts", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    #: Share of the posts read that had each field: {"author": 1.0, "published": 0.98, …}.
    Column("filled", JSON, nullable=False),
    #: "obeyed", or the operator's reason not to.
    Column("robots", Text, nullable=False),
    Index(None, "source", "started"),
)

#: How many requests each host got on a day of the operator's time zone.
host_days = Table(
    "host_days",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("requests", Integer, nullable=False),
)

# -- what can be proved ----------------------------------------------------------------------------------------------

exhibits = Table(
    "exhibits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("post", String(24), nullable=False),
    Column("url", Text, nullable=False),
    Column("state", String(24), nullable=False),
    Column("requested", UtcTime, nullable=False),
    Column("captured", UtcTime),
    Column("reason", Text),
    Column("folder", Text),
    Column("manifest", String(64)),
    Column("pictures", JSON, nullable=False),
    Index(None, "post"),
)

# -- who is told -----------------------------------------------------------------------------------------------------

#: One line per mention that passed the dispatcher, with the reason of the outcome: nothing is dropped silently.
dispatches = Table(
    "dispatches",
    metadata,
    Column("post", String(24), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("alert", String(32)),
    Column("grade", String(1)),
    Index(None, "outcome"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("event", String(24), nullable=False),
    Column("grade", String(1), nullable=False),
    Column("post", String(24), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("opened", UtcTime, nullable=False),
    Column("exhibit", String(32)),
    #: The event as it stood when this alert was raised: size and channels, for the next decision.
    Column("event_size", Integer, nullable=False),
    Column("event_channels", JSON, nullable=False),
    Index(None, "event"),
    Index(None, "opened"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("event", String(24), nullable=False, unique=True),
    Column("grade", String(1), nullable=False),
    Column("state", String(20), nullable=False),
    Column("opened", UtcTime, nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("title", Text, nullable=False),
    Column("subjects", JSON, nullable=False),
    Column("owner", String(120)),
    Column("acknowledged", UtcTime),
    Column("closed", UtcTime),
    Column("outcome", Text),
    Index(None, "state"),
)

case_actions = Table(
    "case_actions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("case", String(32), ForeignKey("cases.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("action", String(30), nullable=False),
    Column("before", String(20)),
    Column("after", String(20)),
    Column("note", Text, nullable=False),
    Index(None, "case"),
)

#: The outbox: what must reach whom. The work queue "deliver" holds one item per message that is not settled.
messages = Table(
    "messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("notifier", String(60), nullable=False),
    #: "alert", "evidence" (the picture that follows), "digest", "source" (one that fails, or works again)
    #: or "search" (new results of a saved search).
    Column("kind", String(20), nullable=False),
    Column("alert", String(32)),
    #: Digest, source and search: the rendered message; alerts are rendered when sent, with the evidence known by then.
    Column("body", JSON),
    Column("created", UtcTime, nullable=False),
    #: "waiting", "sent" or "failed".
    Column("state", String(10), nullable=False),
    Column("settled", UtcTime),
    Index(None, "alert"),
    Index(None, "state"),
)

#: Proof of delivery: one line per attempt.
deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("message", String(64), ForeignKey("messages.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("retry", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("provider_code", String(60)),
    #: State of the evidence that went with it, for the promise "evidence in the first card".
    Column("evidence", String(24)),
    Index(None, "message"),
)

#: Searches that somebody keeps, and of whose new results he may be told.
saved_searches = Table(
    "saved_searches",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(120), nullable=False),
    Column("name", String(60), nullable=False),
    #: The search text as typed, read anew each time: 近7天 stays the last seven days.
    Column("text", Text, nullable=False),
    #: The filters beside it: {"grades", "channels", "subjects", "categories", "min_risk", "min_negative", "sort"}.
    Column("filters", JSON, nullable=False),
    #: Which notifiers are told of new results; [] for none.
    Column("notify", JSON, nullable=False),
    #: Seconds between two messages at least.
    Column("pause", Integer, nullable=False),
    Column("created", UtcTime, nullable=False),
    #: When it was last told; null for never.
    Column("told", UtcTime),
    #: Set aside: it is kept and can be run, and tells nobody.
    Column("muted", Boolean, nullable=False),
    UniqueConstraint("owner", "name"),
)

#: New results of saved searches, each told once: found when the mention was published, whatever the index does.
saved_search_hits = Table(
    "saved_search_hits",
    metadata,
    Column("search", String(32), ForeignKey("saved_searches.id"), primary_key=True),
    Column("post", String(24), ForeignKey("posts.id"), primary_key=True),
    Column("at", UtcTime, nullable=False),
    #: The message batch that told of it; null while it waits.
    Column("message", String(64)),
    Index(None, "message"),
)

#: How far the building of an index beside the one in use has come: a rebuild that was stopped goes on from there.
index_builds = Table(
    "index_builds",
    metadata,
    #: Which index: "sqlite", or "elasticsearch:" and its name.
    Column("target", String(80), primary_key=True),
    #: What the adapter calls the one that is being built.
    Column("build", String(60), nullable=False),
    Column("started", UtcTime, nullable=False),
    #: Id of the last post that is in; "" at the start.
    Column("after", String(24), nullable=False),
    Column("done", Integer, nullable=False),
)

# -- how the work goes on --------------------------------------------------------------------------------------------

work = Table(
    "work",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("queue", String(20), nullable=False),
    Column("key", String(64), nullable=False),
    #: Raised by each `put`; work that changed while it was being done is not lost.
    Column("generation", Integer, nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", String(120)),
    Column("leased_until", UtcTime),
    Column("buried", Boolean, nullable=False),
    Column("reason", Text),
    Column("created", UtcTime, nullable=False),
    UniqueConstraint("queue", "key"),
    Index(None, "queue", "buried", "due"),
)

job_runs = Table(
    "job_runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("job", String(60), nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("finished", UtcTime),
    Column("ok", Boolean),
    Column("note", Text, nullable=False),
    Index(None, "job", "started"),
)
