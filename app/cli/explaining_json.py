"""An explanation for machines: the same facts as on the terminal, none rounded away that a sum needs."""

from __future__ import annotations

from typing import Any

from analysis.corrections import Correction
from analysis.explain import Explanation, Sum
from analysis.explain_words import Push
from app.explaining import Dossier
from core.wire import post_to_json, verdict_to_json
from index.similar import Similar
from index.verdicts_replaced import Replaced


def to_json(dossier: Dossier) -> dict[str, Any]:
    """One object: post, verdict, sum, rules, points, subjects, sentences, and the surroundings of an archived post."""
    told, event = dossier.explanation, dossier.event
    return {
        "post": post_to_json(told.post),
        "verdict": verdict_to_json(told.verdict),
        "today": None if told.is_current else verdict_to_json(told.today),
        "marked": [{"span": [one.start, one.end], "why": one.why} for one in told.marked],
        "sum": _sum(told.sum) if told.sum else None,
        "rules": [
            {
                "category": one.category,
                "words": list(one.words),
                "probability": one.probability,
                "by_model": one.by_model,
            }
            for one in told.rules
        ],
        "points": {"total": told.points.total, "risk": told.points.risk},
        "subjects": _subjects(told),
        "sentences": list(told.sentences),
        "corrections": [_correction(one) for one in dossier.corrections],
        "history": [_replaced(one) for one in dossier.history],
        "event": {"id": event.id, "title": event.title, "size": event.size} if event else None,
        "similar": [_similar(one) for one in dossier.similar],
    }


def _sum(total: Sum) -> dict[str, Any]:
    return {
        "model": total.model,
        "voices": [{"name": name, "share": share} for name, share in total.voices],
        "base": total.base,
        "up": [_push(one) for one in total.up],
        "down": [_push(one) for one in total.down],
        "rest_up": {"count": total.rest_up.count, "logit": total.rest_up.logit},
        "rest_down": {"count": total.rest_down.count, "logit": total.rest_down.logit},
        "logit": total.logit,
        "manner": total.manner,
        "shares": total.shares,
        "negative": total.negative,
    }


def _push(one: Push) -> dict[str, Any]:
    return {"token": one.token, "logit": one.logit, "span": list(one.span) if one.span else None}


def _subjects(told: Explanation) -> dict[str, Any]:
    return {
        "named": [{"subject": one.subject, "words": list(one.words)} for one in told.named],
        "inherited": told.is_inherited,
        "narrowed": told.narrowed,
    }


def _correction(one: Correction) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": one.kind,
        "says": one.says,
        "actor": one.actor,
        "note": one.note,
        "at": one.at.isoformat(),
        "withdrawn": one.withdrawn.isoformat() if one.withdrawn else None,
    }


def _replaced(one: Replaced) -> dict[str, Any]:
    return {
        "verdict": verdict_to_json(one.verdict),
        "judged": one.judged.isoformat(),
        "replaced": one.replaced.isoformat(),
        "why": one.why,
    }


def _similar(one: Similar) -> dict[str, Any]:
    return {
        "id": one.mention.id,
        "grade": one.mention.verdict.grade,
        "when": one.mention.post.when.isoformat(),
        "url": one.mention.post.url,
        "likeness": round(one.likeness, 4),
        "same_event": one.is_same_event,
        "words": list(one.words),
        "said": one.said,
    }
