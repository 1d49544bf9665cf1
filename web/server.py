"""The console: pages that read, in Chinese, on this machine only."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from core.errors import IndexTrouble, NotFound, QuerySyntaxError
from web.console import Console
from web.exports import Exports, RefusedExport
from web.guard import HEADERS, Guard, refuse_open_address
from web.pages import Pages

log = logging.getLogger("tingfeng.web")


def create_app(console: Console) -> FastAPI:
    """The console as an ASGI application. Raise `ConfigError` where `[web] host` is not this machine's loopback."""
    refuse_open_address(console.settings)
    # No generated documentation: its pages load scripts from elsewhere.
    app = FastAPI(title="听风", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    pages = Pages(console)
    _pages(app, pages, Exports(console))
    _errors(app, pages)
    return app


def _pages(app: FastAPI, pages: Pages, exports: Exports) -> None:
    @app.get("/", response_class=HTMLResponse)
    def alerts(page: str = "1") -> str:
        return pages.alerts(page)

    @app.get("/alerts/{alert}", response_class=HTMLResponse)
    def one_alert(alert: str) -> str:
        return pages.alert(alert)

    @app.get("/search", response_class=HTMLResponse)
    def search(request: Request) -> HTMLResponse:
        text, status = pages.search(request.query_params.multi_items())
        return HTMLResponse(text, status_code=status)

    @app.get("/export.{form}")
    def export(form: str, request: Request) -> Response:
        return exports.answer(form, request.query_params.multi_items())

    @app.get("/searches", response_class=HTMLResponse)
    def searches() -> str:
        return pages.searches()

    @app.get("/sources", response_class=HTMLResponse)
    def sources() -> str:
        return pages.sources()

    @app.get("/sources/{source}/proof", response_class=HTMLResponse)
    def proof(source: str, of: str = "") -> str:
        return pages.proof(source, of)

    @app.get("/cases", response_class=HTMLResponse)
    def cases(every: str = "") -> str:
        return pages.cases(open_only=every != "1")

    @app.get("/cases/{case}", response_class=HTMLResponse)
    def one_case(case: str) -> str:
        return pages.case(case)

    @app.get("/evidence/{exhibit}/{name}")
    def evidence(exhibit: str, name: str) -> FileResponse:
        return pages.evidence(exhibit, name)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        healthy, facts = pages.health()
        return JSONResponse(facts, status_code=200 if healthy else 503)


def _errors(app: FastAPI, pages: Pages) -> None:
    @app.exception_handler(NotFound)
    def not_found(_: Request, problem: Exception) -> HTMLResponse:
        return HTMLResponse(pages.problem("找不到", str(problem)), status_code=404)

    @app.exception_handler(IndexTrouble)
    def no_index(_: Request, problem: Exception) -> HTMLResponse:
        said = f"{problem} 预警不受影响；索引恢复后自动补上。"
        return HTMLResponse(pages.problem("检索暂不可用", said), status_code=503)

    @app.exception_handler(sqlite3.Error)
    def no_file(_: Request, problem: Exception) -> HTMLResponse:
        # The database speaks through SQLAlchemy: this is the embedded index.
        log.error("index_failed", extra={"reason": str(problem)})
        said = (
            f"内嵌索引不能使用（{problem}）。请在服务器上运行 tingfeng doctor；文件损坏时运行 tingfeng index rebuild。"
        )
        return HTMLResponse(pages.problem("检索暂不可用", said), status_code=503)

    @app.exception_handler(QuerySyntaxError)
    @app.exception_handler(RefusedExport)
    def senseless(_: Request, problem: Exception) -> HTMLResponse:
        return HTMLResponse(pages.problem("不能导出", str(problem)), status_code=400)

    @app.exception_handler(HTTPException)
    def refused(_: Request, problem: Any) -> HTMLResponse:
        said = {404: "没有这个页面。", 405: "控制台目前只供查看。"}.get(problem.status_code, "请求有误。")
        return HTMLResponse(pages.problem("无法打开", said), status_code=problem.status_code)

    # The last boundary: whatever went wrong is logged once, by the server, and the reader is told in plain words.
    @app.exception_handler(Exception)
    def broken(_: Request, __: Exception) -> HTMLResponse:
        text = pages.problem("出错了", "这一页无法显示，原因已写入日志。")
        # The guard stands inside of where this is sent from.
        return HTMLResponse(text, status_code=500, headers=dict(HEADERS))
