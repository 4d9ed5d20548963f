"""Draw every display in every status, size and look into a folder, with a page to look at them; see script/screens."""

from __future__ import annotations

import argparse
import html
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium, story
from tests.browser.scenery import DISPLAYS, LOOKS, SIZES, cut_off, drawn, obstacles

STYLE = "body{font:16px system-ui;margin:2rem;background:#ddd}figure{display:inline-block;margin:.5rem}img{width:24rem}"
Picture = tuple[str, str, str, tuple[int, int]]


def main() -> int:
    """Draw, and return 1 when axe-core finds something or something is cut off."""
    options = _options()
    folder = Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        if options.story:
            story.draw(browser, Path("docs/screens"))
            return 0
        found = {picture: _draw(browser, folder, *picture) for picture in _pictures(options)}
        browser.close()
    (folder / "index.html").write_text(_index(found), encoding="utf-8")
    for picture, wrong in found.items():
        for line in wrong:
            print(f"{_name(*picture)}: {line}")
    print(f"{len(found)} pictures: {folder / 'index.html'}")
    return int(any(found.values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/screens", description=__doc__)
    parser.add_argument("--folder", default="screens", help="where to (screens)")
    parser.add_argument("--story", action="store_true", help="the pictures of the docs instead, into docs/screens")
    parser.add_argument("--display", choices=DISPLAYS, action="append", help="these only")
    parser.add_argument("--look", choices=LOOKS, action="append", help="these only")
    parser.add_argument("--size", action="append", help="these only, such as 800x480")
    return parser.parse_args()


def _pictures(options: argparse.Namespace) -> Iterator[Picture]:
    for display, look in product(options.display or DISPLAYS, options.look or LOOKS):
        for status, size in product(DISPLAYS[display].statuses, DISPLAYS[display].sizes):
            if not options.size or f"{size[0]}x{size[1]}" in options.size:
                yield display, status, look, size


def _draw(browser: Browser, folder: Path, display: str, status: str, look: str, size: tuple[int, int]) -> list[str]:
    with drawn(browser, display, status, LOOKS[look], size) as page:
        page.screenshot(path=folder / f"{_name(display, status, look, size)}.png")
        return obstacles(page) + [f"cut off: {one}" for one in cut_off(page)]


def _name(display: str, status: str, look: str, size: tuple[int, int]) -> str:
    return f"{display}-{status}-{look}-{size[0]}x{size[1]}"


def _index(found: dict[Picture, list[str]]) -> str:
    parts = [f"<!doctype html><title>Screens</title><style>{STYLE}</style>"]
    for size in SIZES:
        parts.append(f"<h2>{size[0]} × {size[1]}</h2>")
        parts += [_figure(picture, wrong) for picture, wrong in found.items() if picture[3] == size]
    return "\n".join(parts)


def _figure(picture: Picture, wrong: list[str]) -> str:
    name, said = _name(*picture), html.escape(" ".join(wrong))
    picture = f'<a href="{name}.png"><img src="{name}.png" alt="" loading="lazy"></a>'
    return f"<figure>{picture}<figcaption>{name} {said}</figcaption></figure>"


if __name__ == "__main__":
    raise SystemExit(main())
