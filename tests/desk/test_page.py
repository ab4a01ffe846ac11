"""The pages in a real browser: Debian's Chromium, driven by Playwright; without either they are skipped."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the desk's extra is not installed: pip install 'animelayers[desk]'")
playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if not CHROMIUM:
    pytest.skip("no Chromium: apt-get install chromium", allow_module_level=True)
DRIVER = Path(playwright.__file__).parent.parent / "driver" / "node"
if DRIVER.exists() and subprocess.run([DRIVER, "--version"], capture_output=True, check=False).returncode:
    pytest.skip("Playwright's driver does not start: apt-get install libatomic1", allow_module_level=True)

import uvicorn  # noqa: E402

from animelayers import Output  # noqa: E402
from animelayers.desk.app import app  # noqa: E402
from animelayers.desk.load import multiplied  # noqa: E402
from animelayers.desk.state import Desk  # noqa: E402
from animelayers.samples import scene, write  # noqa: E402
from tests.desk.test_app import _cast  # noqa: E402
from tests.desk.test_decisions import a_set  # noqa: E402
from tests.exports.films import film  # noqa: E402

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 30_000


def until(page: Any, holds: str) -> None:
    """Wait until an expression holds; asked from outside, for the page's own policy forbids it to evaluate
    text.
    """
    end = time.monotonic() + WAIT / 1000
    while not page.evaluate(holds):
        assert time.monotonic() < end, holds
        time.sleep(0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pages")
    film(made / "out", background="png", size=(144, 256))
    multiplied(str(film(made / "big")), 100_000)
    a_set(made)
    _cast(made / "who")
    write(
        [scene("portrait", frames=3, size=(96, 54), seed=1)],
        "<img src=x onerror=alert(1)>",
        made / "film",
        form="frames",
    )
    return made


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[tuple[Desk, str]]:
    """A desk that answers on loopback, and its link."""
    made = Desk([str(folder / name) for name in ("out", "big", "set", "who")], cache=folder / "cache")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app(made), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield made, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def page(browser: Any, desk: tuple[Desk, str]) -> Iterator[Any]:
    """A page of the desk that knows the token; it asks nobody else for anything and says nothing wrong."""
    made, link = desk
    context = browser.new_context(viewport={"width": 1200, "height": 760}, base_url=link)
    page = context.new_page()
    page.set_default_timeout(WAIT)
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "dialog",
        lambda dialog: (
            wrong.append(f"dialog {dialog.message}") if dialog.type == "alert" else None,
            dialog.accept(),
        ),
    )
    page.goto(f"/?token={made.token}")
    yield page
    assert all(url.startswith((link, "blob:", "data:")) for url in asked), asked
    assert not wrong
    context.close()


def test_frames_are_found_by_keyboard_alone(page: Any) -> None:
    page.goto("/#/browse/out")
    page.wait_for_selector(".tile img")
    assert page.locator(".tile").count() == 7
    page.keyboard.press("/")
    page.keyboard.type("scene0001")
    until(page, "document.querySelectorAll('.tile').length === 2")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sheet .half img")
    assert "scene0001_frame000013" in page.url
    page.keyboard.press("x")
    assert page.locator(".split").is_visible()
    page.keyboard.press("2")
    page.keyboard.press("?")
    page.wait_for_selector("dialog dl.keys")
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    page.wait_for_selector(".exposure i.now")
    page.keyboard.press("o")
    assert page.get_by_role("button", name="Onion skin").get_attribute("aria-pressed") == "true"


def test_a_click_corrects_all_drawings_and_is_saved(page: Any, folder: Path) -> None:
    page.goto("/#/correct/out/film_scene0000/film%2Fscene0000_frame000000")
    page.wait_for_selector(".strip .cell")
    stage = page.locator(".stage").bounding_box()
    sheet = page.locator(".sheet").bounding_box()
    page.keyboard.press("x")
    page.mouse.click(sheet["x"] + 0.62 * sheet["width"], sheet["y"] + 0.5 * sheet["height"])
    until(
        page,
        "[...document.querySelectorAll('.strip .meter i')].filter((i) => i.style.width !== '0%').length === 5",
    )
    assert stage["width"] > 600
    page.keyboard.press("u")
    until(page, "[...document.querySelectorAll('.strip .meter i')].every((i) => i.style.width === '0%')")
    page.keyboard.press("Control+y")
    until(page, "document.querySelector('.side .main').textContent === 'Save 5 drawings'")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=5 drawings corrected and saved")
    now = Output(str(folder / "out"))
    assert {now.row(frame)["corrected"] for frame in now if "scene0000" in frame} == {"hand", "spread"}
    assert (folder / "out/edits/film_scene0000/layers.json").is_file()
    page.get_by_role("button", name="Take back all corrections").click()
    until(page, "!document.body.textContent.includes('Take back all')")


def test_a_run_starts_from_the_form_and_its_layers_arrive(page: Any, folder: Path) -> None:
    page.goto("/#/runs/decompose")
    page.get_by_label("source.path", exact=True).fill(str(folder / "film"))
    page.get_by_label("output", exact=True).fill(str(folder / "made"))
    page.get_by_text(re.compile(r"Choices")).click()
    page.get_by_label("model/inpaint", exact=True).select_option("ns")
    page.get_by_label("cluster", exact=True).select_option("inline")
    page.get_by_label("preset", exact=True).select_option("demo")
    until(page, "document.querySelector('pre.command').textContent.includes('model/inpaint=ns')")
    until(page, "!document.querySelector('.two .main').disabled")
    page.locator(".two .main").click()
    page.wait_for_selector(".newest img, .state.ended", timeout=180_000)
    assert not page.locator(".state.ended").count(), page.locator("pre.log").inner_text()
    page.wait_for_selector(".state.done", timeout=180_000)
    report = (folder / "made/report/index.html").read_text()
    (place,) = set(re.findall(r"#/frame/made/[^\"]*frame000000", report))
    assert re.search(r"[<>]", place) is None, "a name with markup is text there as well"
    page.goto(f"/{place}")
    page.wait_for_selector(".sheet .half img")
    assert "frame000000" in page.title()
    page.goto("/#/runs/decompose")
    page.get_by_role("link", name="look at it").click()
    page.wait_for_selector(".tile img")
    assert page.locator("main img[onerror]").count() == 0, "a name with markup is text"
    until(page, "document.querySelector('.bar [role=status]').textContent.includes('of 3')")


def test_a_hundred_thousand_frames_are_filtered(page: Any) -> None:
    page.goto("/#/browse/big")
    page.wait_for_selector(".tile img")
    until(
        page,
        "document.querySelector('.bar [role=status]').textContent.includes('50000') || /50.?000/.test(document.body.textContent)",
    )
    page.keyboard.press("/")
    page.keyboard.type("scene00042")
    until(page, "/\\b50 of/.test(document.querySelector('.bar [role=status]').textContent)")
    assert 0 < page.locator(".tile").count() <= 50, "only what is seen is there"


def test_a_decision_is_changed_by_keyboard_and_kept(page: Any, folder: Path) -> None:
    page.goto("/#/decide/set")
    until(page, "document.querySelector('.bar [role=status]')?.textContent === '0 of 80 decided by hand'")
    page.keyboard.press("1")
    until(page, "document.querySelector('.bar [role=status]').textContent === '1 of 80 decided by hand'")
    kept, end = folder / "set/overrides.json", time.monotonic() + WAIT / 1000
    while not (kept.is_file() and "keep_full" in kept.read_text()):  # the page goes on before it is written
        assert time.monotonic() < end, kept
        time.sleep(0.05)
    page.reload()
    until(page, "document.querySelector('.bar [role=status]')?.textContent === '1 of 80 decided by hand'")
    page.get_by_role("button", name="Aim at a result").click()
    page.get_by_label("Scores by trait").fill('{"Close-up": "95%", "Far shot": "15%", "Occlusion": "10%"}')
    page.get_by_role("button", name="What does the set lack?").click()
    page.wait_for_selector("dialog li:has-text('long: scores 15%')")
    assert (folder / "set/aimed.yaml").is_file()


def test_a_character_is_renamed_and_dressed(page: Any, folder: Path) -> None:
    page.goto("/#/people/who")
    page.get_by_label("Name of bob").fill("Robert")
    page.keyboard.press("Enter")
    page.wait_for_selector("section[aria-label=Robert]")
    page.evaluate("window.prompt = () => 'winter'")
    page.locator("section[aria-label=Robert] .track").first.click()
    page.get_by_role("button", name="an outfit of theirs").click()
    page.wait_for_selector("section[aria-label='Robert (winter)']")
    written = (folder / "who/characters.yaml").read_text()
    assert '"Robert (winter)"' in written and "bob" not in written


def test_a_phone_reads_every_page(browser: Any, desk: tuple[Desk, str]) -> None:
    made, link = desk
    context = browser.new_context(
        viewport={"width": 420, "height": 800}, base_url=link, color_scheme="dark", has_touch=True
    )
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"/?token={made.token}")
    frame = "film%2Fscene0000_frame000000"
    for at, sign in (
        ("/#/", ".cards .card"), ("/#/browse/out", ".tile"), (f"/#/frame/out/{frame}", ".side table"), ("/#/shots/out", ".cards .card"),
        ("/#/play/out/film_scene0000", ".exposure i"), (f"/#/correct/out/film_scene0000/{frame}", ".strip .cell"), ("/#/runs", ".form label"),
        ("/#/decide/set", ".decide .row, .decide li, .decide button"), ("/#/people/who", ".who"),
    ):  # fmt: skip
        page.goto(at)
        page.wait_for_selector(sign)
        assert page.evaluate("document.documentElement.scrollWidth") <= 420, at
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, input, select')].filter((e) => e.offsetParent && !(e.textContent.trim()"
            " || e.getAttribute('aria-label') || e.labels?.length)).map((e) => e.outerHTML.slice(0, 120))"
        )
        assert not unnamed, unnamed
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 26)"
    context.close()


def test_a_wrong_token_is_told(browser: Any, desk: tuple[Desk, str]) -> None:
    context = browser.new_context(base_url=desk[1])
    answer = context.new_page().goto("/?token=guess")
    assert answer.status == 403
    context.close()


def test_the_command_prints_its_link(folder: Path) -> None:
    words = [sys.executable, "-c", "from animelayers.cli import run; run()", "desk", str(folder / "nothing")]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1 and "no output there" in ended.stderr and "Traceback" not in ended.stderr
