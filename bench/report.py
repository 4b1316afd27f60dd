"""docs/benchmarks.md: written by the program only, so that no number in it is anybody's wish."""

from dataclasses import dataclass
from typing import Callable, Sequence

from bench.results import Row
from bench.scenario import Sample

OURS = "dmaas"
# What follows this line in the document belongs to other programs.
OTHERS = "<!-- What follows is written by others; `./x bench` keeps it. -->"
TITLES = {
    "backup": "first backup",
    "unchanged": "backup, nothing changed",
    "changed": "backup, 1 % changed",
    "restore": "restore to an empty directory",
    "check": "check, all data read",
}


@dataclass(frozen=True)
class Figure:
    """One property of a sample, as the tables show it. Less is better."""

    title: str
    unit: str
    value: Callable[[Sample], float]
    digits: int


TIME = Figure("Time", "s", lambda sample: sample.usage.wall_seconds, 2)
PROCESSOR = Figure("Processor time", "s", lambda sample: sample.usage.cpu_seconds, 2)
MEMORY = Figure("Peak memory", "MiB", lambda sample: sample.usage.peak_bytes / (1 << 20), 0)
STORED = Figure("Repository", "MiB", lambda sample: sample.stored_bytes / (1 << 20), 0)
FIGURES = (TIME, PROCESSOR, MEMORY, STORED)


def ratio(row: Row, figure: Figure) -> float:
    """Ours to the best of the others."""
    others = [figure.value(sample) for name, sample in row.medians.items() if name != OURS]
    return figure.value(row.medians[OURS]) / min(others)


def summary(rows: Sequence[Row]) -> list[str]:
    lines = ["| what | time | processor | memory | repository | |", "|---|--:|--:|--:|--:|---|"]
    for row in rows:
        ratios = [ratio(row, figure) for figure in FIGURES]
        cells = " | ".join(f"{value:.2f}" for value in ratios)
        lines.append(f"| {_title(row)} | {cells} | {_verdict(row)} |")
    return lines


def details(rows: Sequence[Row], figure: Figure) -> list[str]:
    programs = list(rows[0].medians)
    lines = [f"| {figure.title.lower()}, {figure.unit} | {' | '.join(programs)} |",
             "|---|" + "--:|" * len(programs)]
    for row in rows:
        cells = " | ".join(f"{figure.value(row.medians[program]):.{figure.digits}f}"
                           for program in programs)
        lines.append(f"| {_title(row)} | {cells} |")
    return lines


def document(rows: Sequence[Row], facts: Sequence[str], before: str = "") -> str:
    """`before` is the document as it was, of which what others wrote is kept."""
    parts = [
        "# Benchmarks", "",
        "Written by `./x bench`; do not edit. Less is better everywhere. Each figure is ours divided"
        " by that of the best of", "the other programs in this very row, so 0.50 is twice as good"
        " and what is above 1.00 is lost.", "",
        *summary(rows), "", "## How", "", *[f"- {fact}" for fact in facts], ""]
    for figure in FIGURES:
        parts += [f"## {figure.title}", "", *details(rows, figure), ""]
    kept = before.partition(OTHERS)[2] or "\n"
    return "\n".join(parts) + f"\n{OTHERS}{kept}"


def _title(row: Row) -> str:
    data, store = row.scenario.split("-")
    return f"{data}, {store}: {TITLES[row.step]}"


def _verdict(row: Row) -> str:
    lost = [figure.title.lower() for figure in (TIME, MEMORY, STORED) if ratio(row, figure) > 1]
    return f"lost: {', '.join(lost)}" if lost else "won"
