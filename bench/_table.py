"""The table of budgets in docs/performance.md, made of the figures that were measured last.

usage: python -m bench._table
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import _machine

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->\n", "<!-- /figures -->"
HEAD = ("| quantity | budget | stretch | stock | direct | direct in loops |", "|---|---|---|---|---|---|")


@dataclass(frozen=True, slots=True)
class Row:
    """A budget: what is measured under which name, which of its values, in which unit, and what they may be.

    `scale`: milliseconds in a unit of time, 0 for what is no time.
    """

    name: str
    values: tuple[str, ...]
    unit: str
    budget: str
    stretch: str = ""
    scale: float = 1.0


ROWS = (
    Row("start to first 200", ("ms",), "ms", "800 ms", "500 ms"),
    Row("memory idle, Google's client loaded", ("MiB",), "MiB", "75 MiB", "65 MiB", 0),
    Row("idle CPU with 1 room", ("percent",), "% of a core", "0.3 %", "", 0),
    Row("idle CPU with 1000 screens", ("percent",), "% of a core", "2 %", "", 0),
    Row("change stored to the 3 screens of its room, quiet", ("p50_ms", "p99_ms"), "ms", "3 / 10 ms", "1 / 3 ms"),
    Row("change stored to the 3 screens of its room, 100 rooms read anew", ("p99_ms",), "ms", "60 ms", "25 ms"),
    Row("3 screens of one room among 1000, told", ("p50_ms", "p99_ms"), "ms", "", ""),
    Row("one message to 1000 screens, last", ("ms",), "ms", "60 stock, 20 direct", "10 ms"),
    Row("one message to 5000 screens, last", ("ms",), "ms", "450 stock, 90 direct", "60 ms"),
    Row("a door's page with 5000 screens", ("p50_ms", "worst_ms"), "ms", "answered", ""),
    Row("5000 screens come", ("s",), "s", "", "", 1000),
    Row("1000 screens back after a restart", ("s",), "s", "4 s", "2.5 s", 1000),
    Row("memory for each screen", ("kB",), "kB", "", "", 0),
    Row("100000 events written", ("s",), "s", "2 s", "1.3 s", 1000),
    Row("100000 events unchanged", ("s",), "s", "1 s", "0.7 s", 1000),
    Row("a door's page, server time", ("ms",), "ms", "5 ms", "2 ms"),
    Row("tap to confirmed, our share", ("ms",), "ms", "20 ms", "8 ms"),
)


def main() -> None:
    figures = _machine.read()
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{table(figures)}\n{END}{after}", encoding="utf-8")
    print(f"{PAGE} is written")


def table(figures: dict[str, Any]) -> str:
    """Return the table as Markdown, with a sentence about the machine."""
    lines = [line(row, figures) for row in ROWS]
    return "\n".join([f"Measured on: {figures.get('machine', 'nothing yet')}.", "", *HEAD, *lines])


def line(row: Row, figures: dict[str, Any]) -> str:
    """Return a row; what both senders share stands in both columns' place once."""
    shared, stock, direct = (figures.get(f"{row.name} {sender}".strip()) for sender in ("", "stock", "direct"))
    both = said(row, shared) if shared else said(row, stock)
    cells = (row.name, row.budget, row.stretch, both, said(row, direct or shared), loops(row, direct or shared))
    return f"| {' | '.join(cells)} |"


def said(row: Row, figure: dict[str, float] | None) -> str:
    if figure is None:
        return "–"
    return f"{' / '.join(short(figure[value]) for value in row.values)} {row.unit}"


def loops(row: Row, figure: dict[str, float] | None) -> str:
    """Return how many calibration loops the direct sender's time is, which says more than time on another machine."""
    if figure is None or not row.scale:
        return ""
    return " / ".join(short(figure[value] * row.scale / figure["loop"]) for value in row.values)


def short(value: float) -> str:
    """Return three digits, no more."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
