"""One post with everything the archive knows of its judgement: the explanation, what people said, what was thought."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from analysis.corrections import Correction, apply
from analysis.explain import Explanation, explain
from app.wiring import Product
from core.model import Event, Post
from core.schema import events
from core.wire import post_from_json
from index.addresses import find_post
from index.merge import text_fingerprint
from index.similar import Similar, similar_to
from index.verdicts_replaced import Replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """An explanation and, for a post of the archive, its surroundings."""

    explanation: Explanation
    #: Whether the post is in the archive and waits for its first judgement.
    is_waiting: bool = False
    corrections: tuple[Correction, ...] = ()
    history: tuple[Replaced, ...] = ()
    event: Event | None = None
    similar: tuple[Similar, ...] = ()


def dossier_of(product: Product, address: str) -> Dossier:
    """The dossier of a post of the archive; see `index.addresses.find_post`. Raise `NotFound`."""
    key = find_post(product.database, address)
    post = product.posts.get([key])[key]
    mention = next(iter(product.verdicts.mentions([key])), None)
    event = _event(product, mention.verdict.event) if mention else None
    explanation = explain(
        product.analyser,
        post,
        now=product.clock(),
        verdict=mention.verdict if mention else None,
        event=event,
        context=product.posts.get,
        pictures=product.pictures.texts([post]),
    )
    said = product.corrections.of([key]).get(key, ())
    explanation = replace(
        explanation,
        today=apply(
            explanation.today,
            said,
            fingerprint=text_fingerprint(post.title, post.text),
            settings=product.settings.risk,
            zone=product.settings.zone,
        ),
    )
    others = product.verdicts.of_event(event.id) if event else []
    return Dossier(
        explanation=explanation,
        is_waiting=mention is None,
        corrections=said,
        history=tuple(product.verdicts.history(key)),
        event=event,
        similar=tuple(
            similar_to(
                product.index,
                post,
                event=event.id if event else None,
                words=explanation.telling,
                others=others,
            )
        ),
    )


def dossier_of_text(product: Product, text: str) -> Dossier:
    """The dossier of a sentence from nowhere: no archive is opened. Raise `BadInput` for an empty text."""
    now = product.clock()
    post: Post = post_from_json({"text": text}, now=now, zone=product.settings.zone, file="--text", line=1)
    return Dossier(explanation=explain(product.analyser, post, now=now))


def _event(product: Product, key: str | None) -> Event | None:
    if key is None:
        return None
    with product.database.read() as connection:
        row = connection.execute(select(events).where(events.c.id == key)).first()
    return Event(**{**row._asdict(), "channels": tuple(row.channels)}) if row else None
