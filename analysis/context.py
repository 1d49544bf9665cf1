"""What a reply or repost is about that names nobody: what its thread's first post, or the reposted original, is about.

One level only: a parent that names no subject itself passes nothing on. And only words of substance take the subject
over; "顶", advice, a word about somebody else's car and the answers of customer service do not. The parent's words are
never judged as the reply's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from analysis.attribution import names_others
from analysis.features import prepare
from analysis.risk import Facts, claims_rights, tells_an_accident
from analysis.subjects import SubjectFinder, Surroundings
from core.model import Post
from core.settings import RiskSettings
from core.text import fold

#: Finds posts by their ids; unknown ids are left out.
Context = Callable[[Sequence[str]], Mapping[str, Post]]

#: From here on the bare probability counts as substance, if the thread is about trouble.
_CERTAIN = 0.75
#: Fewer letters than this are a cheer or a sigh ("太惨了", "心疼楼主"), whatever the model thinks of them.
_FEWEST_LETTERS = 10
#: How much of a post without a title is its headline.
_HEADLINE = 40
#: Who advises the author does not complain: conditions, imperatives, "you can ...".
_ADVICE = re.compile(
    r"建议|的话|可以(?:先|再|发|打|去|找|要求|申请|投诉|起诉)|[要得]看(?:具体|情况)|不行(?:就|再)?打|(?:保存|保留|留)好"
    r"|记得|注意|(?:^|[，。；！,;!\n])(?:别|先(?!是|前|后|说)|小心|千万)"
)
#: "它那个变速箱", "他们家", "我的也": who points back means what the thread is about.
_POINTS_BACK = re.compile(
    r"(?:^|[,。;!?\n])(?:它|这车|这台|这款|这店|这家|这牌子|这品牌|这厂|他们家|他家|人家这)|他们家就|我的(?:也|还在|才)|我这(?:台|辆|个)?也"
    r"|我也(?:是|被|遇|碰|中|这样)|同款|同病相怜|\+1"
)
_GREETING = re.compile(r".{0,16}?(?:您好|你好|各位好|大家好|尊敬的|亲爱的)")
#: The voice of a customer service; a customer does not write these.
_SERVICE = re.compile(
    r"我司|我店|敝司|本店|客[服户](?:部|中心|关怀)|为您(?:提供|核实|安排|处理|办理)|向您(?:致歉|道歉|反馈|说明)"
    r"|与您(?:联系|取得联系|沟通|共同)|给您(?:带来|添|造成)|让您久等|感谢您的|您反映的|您的车已"
)
_LONGEST_COURTESY = 500
#: What an institution's account adds to its name.
_OFFICE = re.compile(r"\s*(?:官方|客服|客户|服务|售后|关怀|公关|集团|中国|微博|账号|账户|中心|部)*\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a thread's first post, or a reposted original, settles for those that answer it."""

    subjects: tuple[str, ...]
    surroundings: Surroundings
    #: Whether it is about one of our categories.
    is_trouble: bool


def compares(post: Post) -> bool:
    """Whether a post's headline sets somebody else beside us: then nobody knows whom its answers mean."""
    return names_others(fold(post.title or post.text[:_HEADLINE]))


def subjects_in(origin: Origin, named: Sequence[str], finder: SubjectFinder) -> tuple[str, ...]:
    """What an answer is about that names subjects by words which only the thread makes clear ("我的 S7", "东湖店").

    Those it names, and of the thread's subjects those of other kinds: another store named takes the store's place, the
    brand stays.
    """
    kinds = {finder.kinds[name] for name in named}
    return (*named, *(name for name in origin.subjects if finder.kinds[name] not in kinds))


def speaks_to_the_matter(facts: Facts, origin: Origin, settings: RiskSettings) -> bool:
    """Whether a reply's own words say enough to be counted as a word about its thread's subjects.

    It surely tells of an accident; or it is negative and belongs to a category, or threatens with rights, or is very
    negative at some length in a thread about trouble. Not if it names somebody else's car or brand, and unless it tells
    of an accident, not if it gives advice.
    """
    own = facts.reading.own
    if not tells_an_accident(facts, settings):
        is_negative = facts.negative >= settings.negative_from
        if not is_negative or _ADVICE.search(own) or not _has_substance(facts, origin):
            return False
    return not names_others(own)


def _has_substance(facts: Facts, origin: Origin) -> bool:
    if facts.topics or claims_rights(facts.reading) or _POINTS_BACK.search(facts.reading.own):
        return True
    letters = len(prepare(facts.reading.own).replace(" ", ""))
    return origin.is_trouble and facts.negative >= _CERTAIN and letters >= _FEWEST_LETTERS


def is_service(post: Post, finder: SubjectFinder) -> bool:
    """Whether a post speaks in the subject's own voice.

    Its author is called like a subject ("曜行汽车", "曜行汽车客户关怀"), or, of an answer, it greets and speaks as a
    customer service.
    """
    if post.parent:
        text = fold(post.text[:_LONGEST_COURTESY])
        if _GREETING.match(text) and _SERVICE.search(text):
            return True
    name = fold(post.author.name or "")
    return any(match.span[0] == 0 and _OFFICE.fullmatch(name, match.span[1]) for match in finder.find(name))
