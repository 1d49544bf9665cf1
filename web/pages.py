"""The pages: what each one reads, and the template it fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from fastapi.responses import FileResponse

from alerts.card import HONESTY
from alerts.saved_search import address
from alerts.saved_searches import SavedSearches
from alerts.search_sheets import read_sheets
from alerts.search_words import in_words
from core.errors import NotFound, QuerySyntaxError
from core.model import CHANNELS, GRADES, Exhibit, Mention
from core.work import WorkQueue
from index.corrections import CorrectionStore
from index.posts import PostStore
from web.alert_desk import AlertDesk
from web.console import Console
from web.exhibit_files import ExhibitFiles
from web.exports import MOST_ROWS
from web.health import QUEUES, health
from web.search_desk import SearchDesk
from web.search_form import SORTS, SearchForm, read_form
from web.showing import LONGEST_TEXT, pieces, templates
from web.source_desk import SourceDesk

_ALERTS_A_PAGE = 25


class Pages:
    """One method a page."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.zone = console.settings.zone
        self.desk = AlertDesk(console)
        self.sources_desk = SourceDesk(console)
        self.search_desk = SearchDesk(console)
        self.posts = PostStore(console.database)
        self.searches_kept = SavedSearches(console.database, console.settings)
        self.corrections = CorrectionStore(console.database)
        self.files = ExhibitFiles(console.settings.data_dir / "exhibits", console.ledger)
        self.templates = templates(self.zone)

    def alerts(self, page: str) -> str:
        """The latest alerts, and whether silence can be trusted."""
        number = max(1, int(page[:4])) if page.isdecimal() else 1
        sheets = self.desk.latest(limit=_ALERTS_A_PAGE + 1, offset=(number - 1) * _ALERTS_A_PAGE)
        now = self.console.clock()
        return self._render(
            "alerts.html",
            sheets=sheets[:_ALERTS_A_PAGE],
            page=number,
            more=len(sheets) > _ALERTS_A_PAGE,
            open_cases=len(self.console.cases.list(open_only=True)),
            overdue=len(self.console.cases.overdue(now)),
            trouble=[one.source.name for one in self.sources_desk.healths() if one.troubled],
            gone=self._gone(sheet.letter.mention for sheet in sheets),
            failed=sum(WorkQueue(self.console.database, name).backlog()[1] for name in QUEUES),
        )

    def alert(self, key: str) -> str:
        """One alert with everything that is known."""
        sheet = self.desk.get(key)
        letter = sheet.letter
        mention, exhibit = letter.mention, letter.exhibit
        others = [one for one in self.console.verdicts.of_event(letter.alert.event) if one.id != letter.alert.post]
        return self._render(
            "alert.html",
            sheet=sheet,
            pieces=pieces(mention.post.full_text, mention.verdict.reasons) if mention else [],
            is_cut=bool(mention and len(mention.post.full_text) > LONGEST_TEXT),
            versions=self.posts.versions(letter.alert.post)[:-1],
            corrections=self.corrections.of([letter.alert.post]).get(letter.alert.post, ()),
            earlier=self.console.verdicts.history(letter.alert.post),
            others=others,
            gone=self._gone([mention, *others]),
            **self._proof(exhibit),
        )

    def search(self, values: Sequence[tuple[str, str]]) -> tuple[str, int]:
        """The archive; second, the HTTP status. Raise what the index raises."""
        form, shown = read_form(values), dict[str, Any]()
        try:
            if form.like:
                shown["alike"] = alike = self.search_desk.alike(form)
                mentions = [one.mention for one in alike.found]
            else:
                shown["sheet"] = sheet = self.search_desk.answer(form)
                mentions = [hit.mention for hit in sheet.page.hits]
        except QuerySyntaxError as bad:
            return self._search_page(form, bad=bad), 400
        except NotFound as unknown:
            return self._search_page(form, trouble=str(unknown)), 404
        return self._search_page(form, gone=self._gone(mentions), **shown), 200

    def searches(self) -> str:
        """The searches that people keep, and what became of their finds."""
        now = self.console.clock()
        sheets = read_sheets(self.searches_kept, self.searches_kept.list(), now=now)
        return self._render("searches.html", sheets=sheets, in_words=in_words, address=address)

    def sources(self) -> str:
        """The health of every source: whether silence can be trusted."""
        warning = self.console.settings.health.cookie_warning
        return self._render("sources.html", sheets=self.sources_desk.sheets(), cookie_warning=warning)

    def proof(self, source: str, address: str) -> str:
        """The response that decided a source's state, as text. Raise `NotFound`."""
        return self._render("proof.html", source=source, proof=self.sources_desk.proof(source, address))

    def cases(self, *, open_only: bool) -> str:
        """The ledger of cases, the most urgent on top."""
        return self._render("cases.html", cases=self.console.cases.list(open_only=open_only), open_only=open_only)

    def case(self, key: str) -> str:
        """One case: facts, history, alerts and posts of its event."""
        case = self.console.cases.get(key)
        sheets, mentions = self.desk.of_event(case.event), self.console.verdicts.of_event(case.event)
        return self._render(
            "case.html",
            case=case,
            actions=self.console.cases.actions(key),
            sheets=sheets,
            mentions=mentions,
            gone=self._gone([*mentions, *(sheet.letter.mention for sheet in sheets)]),
        )

    def evidence(self, exhibit: str, name: str) -> FileResponse:
        """A file of an exhibit. Raise `NotFound`."""
        return self.files.answer(self.console.exhibits.get(exhibit), name)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether the stores answer, and what waits: for a machine that watches us."""
        return health(self.console)

    def problem(self, title: str, said: str) -> str:
        """A page that says what went wrong."""
        return self._render("problem.html", title=title, said=said)

    def _search_page(self, form: SearchForm, **values: Any) -> str:
        nothing: dict[str, Any] = {"bad": None, "trouble": None, "sheet": None, "alike": None, "gone": {}}
        fixed = {"sorts": SORTS, "channels": CHANNELS, "grades": GRADES, "exported": MOST_ROWS}
        return self._render("search.html", form=form, **fixed, **{**nothing, **values})

    def _gone(self, mentions: Iterable[Mention | None]) -> dict[str, tuple[datetime, str]]:
        """Which of these posts their source shows no more."""
        return self.posts.gone_of([mention.id for mention in mentions if mention is not None])

    def _proof(self, exhibit: Exhibit | None) -> dict[str, Any]:
        files = self.files.listed(exhibit) if exhibit else []
        names = {file.name for file in files if file.is_picture}
        return {
            "files": files,
            "pictures": [name for name in exhibit.pictures if name in names] if exhibit else [],
            "findings": self.files.findings(exhibit) if exhibit else [],
            "honesty": HONESTY,
        }

    def _render(self, template: str, **values: Any) -> str:
        return self.templates.get_template(template).render(now=self.console.clock(), **values)
