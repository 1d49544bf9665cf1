"""An explanation on the terminal or in a pipe: lines of text, in the order in which a reader would object."""

from __future__ import annotations

import math
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rich.text import Text

from analysis.explain import Explanation, Sum
from analysis.explain_words import Push, Rest
from app.explaining import Dossier
from core.model import CHANNEL_NAMES, GRADE_NAMES, Verdict
from core.text import clean, shorten
from index.verdicts_replaced import WHY_NAMES

#: Longer texts are cut on the terminal; `--json` has all of it.
_SHOWN = 1500


def lay_out(dossier: Dossier, *, zone: ZoneInfo, is_terminal: bool) -> Iterator[Text]:
    """The lines. Marked words are coloured on a terminal and stand in 【】 elsewhere."""
    told = dossier.explanation
    yield from _head(told, zone)
    yield _body(told, is_terminal=is_terminal)
    yield _title("结论")
    if dossier.is_waiting:
        yield Text("这一帖还没有研判；下面是现在研判会得到的结果。", style="yellow")
    yield Text(_summary(told.verdict))
    if not told.is_current:
        yield Text(f"今天只看正文会判为：{_summary(told.today)}（tingfeng reassess 可更新存档）", style="yellow")
    yield _title("理由")
    yield from (Text(f"{number}. {sentence}") for number, sentence in enumerate(told.sentences, start=1))
    yield _title("负面概率怎么来的（对数几率，逐项相加）")
    yield from _account(told.sum) if told.sum else [Text("没有模型认识的文字，不问模型。")]
    yield _title("风险怎么加的")
    yield from _points(told)
    yield _title("触发的规则")
    yield from _rules(told)
    yield from _surroundings(dossier, zone)


def _head(told: Explanation, zone: ZoneInfo) -> Iterator[Text]:
    post = told.post
    author = clean(post.author.name or "作者未知")
    when = f"{post.when.astimezone(zone):%Y-%m-%d %H:%M}"
    if post.url:
        yield Text(f"帖文 {post.id}  {CHANNEL_NAMES[post.channel]} · {clean(post.site)} · {author} · {when}")
        yield Text(" ".join(clean(post.url).split()))


def _body(told: Explanation, *, is_terminal: bool) -> Text:
    full, shown, at = told.post.full_text, Text(), 0
    end = min(len(full), _SHOWN)
    for one in told.marked:
        if one.start >= end:
            break
        shown.append(clean_piece(full[at : one.start]))
        piece = clean_piece(full[one.start : min(one.end, end)])
        shown.append(piece if is_terminal else f"【{piece}】", style="bold red" if is_terminal else "")
        at = min(one.end, end)
    shown.append(clean_piece(full[at:end]))
    if end < len(full):
        shown.append(f"……（全文 {len(full)} 字）")
    return shown


def clean_piece(text: str) -> str:
    """A piece of a text without control characters; its outer blanks stay."""
    kept = clean(text)
    head = " " if text[:1].isspace() and kept else ""
    tail = " " if text[-1:].isspace() and kept else ""
    return f"{head}{kept}{tail}"


def _summary(verdict: Verdict) -> str:
    grade = f"{verdict.grade} {GRADE_NAMES[verdict.grade]}" if verdict.grade else "无等级"
    kinds = "、".join(verdict.categories) or "无类别"
    about = "、".join(verdict.subjects) or "没有监测对象"
    return f"{grade}，风险 {verdict.risk}/100，负面概率 {verdict.negative:.0%}；{kinds}；{about}；模型 {verdict.model}"


def _account(total: Sum) -> Iterator[Text]:
    voices = "、".join(f"{name} {share:.0%}" for name, share in total.voices)
    yield Text(f"  {total.base:+.2f}  起点（当作这几类文字来判：{voices}）")
    yield from (_push(one) for one in total.up)
    yield from _rest(total.rest_up, "推高")
    yield from (_push(one) for one in total.down)
    yield from _rest(total.rest_down, "压低")
    yield Text(f"= {total.logit:+.2f}  模型的对数几率，即概率 {_probability(total.logit):.1%}")
    for step, name in (
        (total.manner, "说话的方式与直说的毛病（见理由）"),
        (total.shares, "说到几个对象，其中一个说得更坏（见理由）"),
    ):
        if step:
            yield Text(f"  {step:+.2f}  {name}")
    if total.manner or total.shares:
        yield Text(f"= {total.logit + total.manner + total.shares:+.2f}  即负面概率 {total.negative:.1%}")


def _push(one: Push) -> Text:
    return Text(f"  {one.logit:+.2f}  {clean(one.token)}")


def _rest(rest: Rest, way: str) -> Iterator[Text]:
    if rest.count:
        yield Text(f"  {rest.logit:+.2f}  其余{way}的 {rest.count} 项合计")


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-35.0, min(35.0, logit))))


def _points(told: Explanation) -> Iterator[Text]:
    counted = [reason for reason in told.verdict.reasons if reason.points]
    for reason in counted:
        yield Text(f"  {reason.points:+d}  {clean(reason.text)}")
    if not counted:
        yield Text("没有加分的理由，风险 0。")
        return
    total, risk = told.points.total, told.points.risk
    yield Text(f"= {total}" + (f"，限于 0 至 100：{risk}" if total != risk else f"，即风险 {risk}"))


def _rules(told: Explanation) -> Iterator[Text]:
    for rule in told.rules:
        how = "由模型从词语归类" if rule.by_model else "词表"
        sure = f"，把握 {rule.probability:.0%}" if rule.probability is not None else ""
        yield Text(f"类别 {rule.category}：{'、'.join(f'“{word}”' for word in rule.words)}（{how}{sure}）")
    if not told.rules:
        yield Text("没有类别的词语。")
    for one in told.named:
        words = "、".join(f"“{word}”" for word in one.words)
        yield Text(
            f"对象 {one.subject}：" + (f"因 {words}" if words else "自己没有点名，由所答的主帖（原文）或人工指明")
        )
    if told.is_inherited:
        yield Text("对象由主帖推定：回复说到了同一件事。")
    if told.narrowed:
        yield Text(f"帖文还说到别家，只按这一部分研判：{shorten(told.narrowed, 300)}")


def _surroundings(dossier: Dossier, zone: ZoneInfo) -> Iterator[Text]:
    if dossier.corrections:
        yield _title("人工更正")
    for correction in dossier.corrections:
        back = "（已撤回）" if correction.withdrawn else ""
        when = f"{correction.at.astimezone(zone):%Y-%m-%d %H:%M}"
        note = f"：{shorten(clean(correction.note), 200)}" if correction.note else ""
        yield Text(f"第 {correction.number} 号  {when}  {correction.actor}  {correction.says}{note}{back}")
    if dossier.history:
        yield _title("以前的研判")
    for replaced in dossier.history:
        when = f"{replaced.judged.astimezone(zone):%Y-%m-%d %H:%M} 至 {replaced.replaced.astimezone(zone):%m-%d %H:%M}"
        yield Text(f"{when}  {_summary(replaced.verdict)}；因{WHY_NAMES.get(replaced.why, replaced.why)}而更换")
    if dossier.event:
        yield _title("事件")
        yield Text(f"{shorten(clean(dossier.event.title), 60)}（{dossier.event.id}，共 {dossier.event.size} 帖）")
    if dossier.similar:
        yield _title("相似的帖文")
    for similar in dossier.similar:
        post, grade = similar.mention.post, similar.mention.verdict.grade
        day = f"{post.when.astimezone(zone):%Y-%m-%d}"
        text = shorten(clean(post.full_text), 40)
        yield Text(f"{grade or '无等级'}  {day}  {similar.said}  {post.id[:12]}  {text}")


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold")
