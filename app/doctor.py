"""One look at everything that must be right for silence to mean that nothing was said."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from alerts.search_sheets import read_sheets
from alerts.source_words import shown_state
from app.browsing import why_no_browser
from app.doctor_index import examine_index
from app.findings import Finding
from app.known_parsers import require_parsers
from app.wiring import Product
from core.durations import in_chinese
from core.errors import ConfigError, ModelError
from core.work import QueueName, WorkQueue

_LEAST_FREE_GB = 1.0
#: What is due and was not touched for this long is not being worked on.
_LATE = timedelta(minutes=15)
_RUNNING = "tingfeng run 在运行吗？"
_RESTING = f"索引可用吗（见「检索索引」）？{_RUNNING}"
#: In which line of the log stands why something was set aside, where it is not `item_failed`.
_BURIED: Mapping[QueueName, str] = {
    "pictures": "查看日志中的 pictures_failed",
    "index": "查看日志中的 mention_not_indexed 与 item_failed",
    "index_fallback": "查看日志中的 mention_not_indexed 与 item_failed",
}
_QUEUES: tuple[tuple[QueueName, str], ...] = (
    ("assess", "待研判"),
    ("publish", "待发布"),
    ("index", "待写入索引"),
    ("index_fallback", "待写入后备索引"),
    ("capture", "待取证"),
    ("deliver", "待投递"),
    ("pictures", "待读图"),
)


def examine(product: Product) -> list[Finding]:
    """Look at each item in turn; a look changes nothing but creating what a first start would create."""
    return [
        *_settings(product),
        *_store(product),
        *_model(product),
        *examine_index(product),
        *_browser(product),
        *_disk(product),
        *_queues(product),
        *_messages(product),
        *_searches(product),
        *_sources(product),
        *_manners(product),
    ]


def _settings(product: Product) -> Iterator[Finding]:
    settings = product.settings
    yield Finding(level="ok", item="设置", state=str(settings.path))
    for name, rows in (("信源", settings.sources), ("监测对象", settings.subjects), ("预警规则", settings.rules)):
        if rows:
            yield Finding(level="ok", item=name, state=f"{len(rows)} 项")
        else:
            yield Finding(level="bad", item=name, state="一项也没有", fix="按 *.example.toml 填写")
    for subject in settings.subjects:
        if short := [word for word in (subject.name, *subject.aliases) if len(word.strip()) < 2]:
            state = f"只有一个字的名称「{'」「'.join(short)}」会认出大量无关的帖文"
            yield Finding(level="warn", item=f"监测对象 {subject.name}", state=state, fix="写全，或用 require 限定")


def _store(product: Product) -> Iterator[Finding]:
    yield Finding(level="ok", item="数据库", state=f"结构为最新版本，{product.posts.count()} 条帖文")


def _model(product: Product) -> Iterator[Finding]:
    try:
        name = product.model.name
    except ModelError as bad:
        yield Finding(level="bad", item="模型", state=str(bad), fix=_mending(product))
    else:
        yield Finding(level="ok", item="模型", state=name)


def _mending(product: Product) -> str:
    """What to do about a model that cannot be used: which one was chosen, by whom, decides."""
    from analysis.versions import BUNDLED

    if product.settings.analysis.model:
        return "改正 [analysis] model，或留空"
    try:
        is_learnt = product.versions.current() != BUNDLED
    except ModelError:  # the page itself is damaged, and its message says what to do
        return "恢复或删去 versions.json"
    return "tingfeng models rollback，退回上一个版本" if is_learnt else "重新安装"


def _browser(product: Product) -> Iterator[Finding]:
    if missing := why_no_browser(product.settings.evidence.browser):
        yield Finding(level="warn", item="浏览器", state="没有；预警会标明「无法取证」", fix=missing)
        return
    yield Finding(level="ok", item="浏览器", state="可用")
    if not _has_chinese_font():
        fix = "sudo apt-get install fonts-noto-cjk"
        yield Finding(level="warn", item="中文字体", state="没有；截图里的汉字会是方块", fix=fix)


def _has_chinese_font() -> bool:
    tool = shutil.which("fc-list")
    if tool is None:
        return False
    found = subprocess.run([tool, ":lang=zh"], capture_output=True, check=False, timeout=30)  # noqa: S603
    return bool(found.stdout.strip())


def _disk(product: Product) -> Iterator[Finding]:
    free = shutil.disk_usage(product.settings.data_dir).free / 1e9
    level: Literal["ok", "bad"] = "ok" if free >= _LEAST_FREE_GB else "bad"
    yield Finding(level=level, item="磁盘", state=f"剩余 {free:.1f} GB", fix="" if level == "ok" else "腾出空间")


def _queues(product: Product) -> Iterator[Finding]:
    filed = {target.queue for target in product.index_targets}
    for name, shown in _QUEUES:
        if name == "index_fallback" and name not in filed:
            continue
        waiting, buried = WorkQueue(product.database, name).backlog()
        if buried:
            state = f"{waiting} 项等待，{buried} 项因错误搁置"
            yield Finding(level="bad", item=shown, state=state, fix=_BURIED.get(name, "查看日志中的 item_failed"))
        elif (late := WorkQueue(product.database, name).late(product.clock())) > _LATE:
            state = f"{waiting} 项等待，最久的已过时 {in_chinese(late)}"
            yield Finding(level="bad", item=shown, state=state, fix=_RESTING if name in filed else _RUNNING)
        else:
            yield Finding(level="ok", item=shown, state=f"{waiting} 项等待")


def _messages(product: Product) -> Iterator[Finding]:
    failed = product.outbox.failed()
    if failed:
        state = f"{len(failed)} 条没有送达"
        yield Finding(
            level="bad", item="投递", state=state, fix="tingfeng outbox failed；修好渠道后 tingfeng outbox resend --all"
        )
    else:
        yield Finding(level="ok", item="投递", state="没有失败的消息")


def _searches(product: Product) -> Iterator[Finding]:
    """Searches whose owners think that they are told."""
    now = product.clock()
    sheets = read_sheets(product.searches, product.searches.list(), now=now)
    troubled = [sheet for sheet in sheets if sheet.search.watches and (sheet.problem or sheet.missing)]
    for sheet in troubled:
        search = sheet.search
        state = f"失效：{sheet.problem}" if sheet.problem else f"渠道 {'、'.join(sheet.missing)} 已不在设置中"
        fix = f"tingfeng searches change {search.name} --owner {search.owner}"
        yield Finding(level="bad", item=f"检索订阅 {search.name}（{search.owner}）", state=state, fix=fix)
    if late := [sheet.search.name for sheet in sheets if sheet.is_late(now)]:
        state = f"{len(late)} 个检索订阅的新结果迟迟未通知"
        yield Finding(level="bad", item="检索订阅", state=state, fix=_RUNNING)
    elif not troubled:
        yield Finding(level="ok", item="检索订阅", state=f"{len(sheets)} 个")


def _sources(product: Product) -> Iterator[Finding]:
    statuses = product.catalogue.statuses()
    for source in product.settings.sources:
        status = statuses.get(source.id)
        if status is None or status.state is None:
            never = status is None or status.last_run is None
            state = "还没有抓取过" if never else "恢复后还没有抓取"
            yield Finding(level="warn", item=f"信源 {source.name}", state=state, fix="tingfeng crawl")
            continue
        reason = status.reason or ""
        state = f"{shown_state(status.state, reason, failed=status.failures > 0)}：{reason}"
        late = product.clock() - status.next_run if status.next_run else timedelta()
        if late > source.every + _LATE:
            state = f"早该抓取，已过时 {in_chinese(late)}；上次{state}"
            yield Finding(level="bad", item=f"信源 {source.name}", state=state, fix=_RUNNING)
            continue
        if status.state == "paused":
            fix = f"tingfeng sources resume {source.id}"
            yield Finding(level="warn", item=f"信源 {source.name}", state=state, fix=fix)
            continue
        # An emptiness that is not believed counts as a failure, although its state is the same.
        good = status.state in ("ok", "empty") and status.failures == 0
        fix = "" if good else f"tingfeng sources health --proof {source.id}"
        yield Finding(level="ok" if good else "bad", item=f"信源 {source.name}", state=state, fix=fix)


def _goes_out(product: Product) -> bool:
    """Whether any source lies outside this machine and its network: look-alikes need not reach us."""
    from crawlers.bounds import is_inside

    return any(not is_inside(urlsplit(source.url).hostname or "") for source in product.settings.sources)


def _manners(product: Product) -> Iterator[Finding]:
    """What the rows of `sources.toml` lean on: parsers, cookies, canaries, exceptions from robots.txt."""
    from crawlers.cookies import cookies_of

    sources, now = product.settings.sources, product.clock()
    if any(marker in product.settings.crawl.user_agent for marker in (".invalid", "example.")) and _goes_out(product):
        state = "还是示例里的联系方式：站点想找我们时找不到"
        yield Finding(level="warn", item="抓取标识", state=state, fix="在 [crawl] user_agent 写上贵司的网址和邮箱")
    try:
        require_parsers(product.settings)
    except ConfigError as wrong:
        yield Finding(level="bad", item="页面解析器", state=f"{wrong.value}：{wrong.problem}", fix=wrong.fix)
    for source in sources:
        cookies = cookies_of(source, now=now)
        if cookies is None:
            continue
        item, fix = f"Cookie {source.name}", "在浏览器里重新登录，换上新的 Cookie"
        if cookies.problem:
            yield Finding(level="bad", item=item, state=cookies.problem, fix=fix)
        elif cookies.expires is None:
            yield Finding(level="ok", item=item, state="没有写明何时到期")
        elif cookies.expires <= now:
            yield Finding(level="bad", item=item, state="已经到期", fix=fix)
        else:
            left = cookies.expires - now
            soon = left <= product.settings.health.cookie_warning
            state = f"还有 {in_chinese(left)}到期"
            yield Finding(level="warn" if soon else "ok", item=item, state=state, fix=fix if soon else "")
    if blind := [source.name for source in sources if source.never_empty and not source.canary]:
        state = f"{len(blind)} 个信源没有设 canary：看起来没有新内容时，只凭以往的发帖量判断"
        yield Finding(level="ok", item="探针页面", state=state)
    for source in sources:
        if source.ignore_robots_because:
            state = f"{source.name} 不遵守 robots.txt，理由：{source.ignore_robots_because}"
            yield Finding(level="ok", item="robots.txt", state=state)
