"""The promise of the first run: a post travels from a site to an alert with proof, an archive and a digest."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

import pytest

from app.browsing import why_no_browser
from tests.e2e.harness import Demo, plain, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def caught(demo: Demo) -> Demo:
    """The product has caught the incident of the demo."""
    demo.start()
    wait_for(lambda: "首条预警已送达" in demo.output() or None, "the first alert")
    wait_for(lambda: demo.rows("SELECT 1 FROM exhibits WHERE state = 'complete'") or None, "complete evidence")
    return demo


def test_the_terminal_tells_all_of_the_first_alert(caught: Demo) -> None:
    """Grade, reasons, screenshot, seconds since publication, console address, without further typing."""
    if why_no_browser("auto"):
        pytest.skip("needs a Chromium for the screenshot")
    output = plain(caught.output())
    assert re.search(r"等级：A 特急", output)
    assert re.search(r"原因：.+（\+\d+）", output)
    assert re.search(r"距发布：\d+\.\d 秒", output)
    assert f"http://127.0.0.1:{caught.port + 4}" in output
    picture = re.search(r"截图：(\S+\.png)", output)
    assert picture
    assert Path(picture[1]).read_bytes().startswith(b"\x89PNG")


def test_the_archive_finds_the_incident(caught: Demo) -> None:
    def found() -> str | None:
        done = caught.tingfeng("search", "起火", "--grade", "A", "--since", "1d", "--json")
        assert done.returncode == 0, done.stderr
        return done.stdout or None

    assert '"grade":"A"' in wait_for(found, "the incident in the archive", 60)


def test_the_digests_are_printed_and_written(caught: Demo) -> None:
    for day in ("yesterday", "today"):
        done = caught.tingfeng("digest", "--date", day)
        assert done.returncode == 0, done.stderr
        path = re.search(r"HTML：(\S+\.html)", done.stdout)
        assert path
        assert "日报" in Path(path[1]).read_text(encoding="utf-8")


def test_evidence_verifies_until_a_byte_is_flipped(caught: Demo) -> None:
    [row, *_] = caught.rows("SELECT id, folder FROM exhibits WHERE state = 'complete'")
    done = caught.tingfeng("evidence", "verify", row.id)
    assert done.returncode == 0, done.stdout + done.stderr
    page = caught.folder / "exhibits" / row.folder / "page.html"
    whole = page.read_bytes()
    page.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    try:
        done = caught.tingfeng("evidence", "verify", row.id)
        assert done.returncode == 1
        assert "page.html" in done.stdout
    finally:
        page.write_bytes(whole)


def test_the_console_shows_the_alert(caught: Demo) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{caught.port + 4}/", timeout=30) as answer:
        page = answer.read().decode()
    assert "特急" in page
    assert "起火" in page


def test_a_case_with_a_clock_was_opened(caught: Demo) -> None:
    [case, *_] = caught.rows("SELECT id, grade, state FROM cases ORDER BY grade")
    assert (case.grade, case.state) == ("A", "new")
    done = caught.tingfeng("cases", "act", case.id, "acknowledge", "--note", "已联系车主")
    assert done.returncode == 0, done.stderr
    assert "已确认" in done.stdout
    assert "已联系车主" in caught.tingfeng("cases", "show", case.id).stdout


def test_every_source_is_well_and_the_doctor_agrees(caught: Demo) -> None:
    done = caught.tingfeng("doctor")
    assert done.returncode == 0, done.stdout


def test_a_second_run_on_the_same_data_is_refused(caught: Demo) -> None:
    done = caught.tingfeng("run")
    assert done.returncode == 1
    assert "另一个 tingfeng run" in done.stderr
