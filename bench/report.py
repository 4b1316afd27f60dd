"""docs/benchmarks.md: written by the program only, so that no number in it is anybody's wish."""

from dataclasses import dataclass
from typing import Callable, Sequence

from bench.objects import ApiUsages
from bench.plans import PlansUsage
from bench.results import Row
from bench.scenario import Sample

OURS = "dmaas"
HEAD = ["# Benchmarks", "", "Written by `./x bench`; do not edit. Less is better everywhere.", ""]
OBJECTS = "## Objects of a cluster"
PLANS = "## Many plans"
TITLES = {
    "backup": "first backup",
    "unchanged": "backup, nothing changed",
    "changed": "backup, 1 % changed",
    "restore": "restore to an empty directory",
    "check": "check, all data read",
}
OBJECTS_TITLES = TITLES | {"restore": "restore into another namespace"}


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


def objects_table(usages: ApiUsages) -> list[str]:
    roles = sorted({role for usage in usages.values() for role in usage.peak_bytes})
    lines = [f"| objects | seconds | calls | {', MiB | '.join(roles)}, MiB |",
             "|---|--:|---|" + "--:|" * len(roles)]
    for step, usage in usages.items():
        calls = ", ".join(f"{verb} {count:,}" for verb, count in usage.calls.items())
        peaks = " | ".join(f"{usage.peak_bytes.get(role, 0) / (1 << 20):.0f}" for role in roles)
        lines.append(f"| {OBJECTS_TITLES[step]} | {usage.wall_seconds:.1f} | {calls} | {peaks} |")
    return lines


def plans_table(usage: PlansUsage) -> list[str]:
    made, ended = usage.created_delay, usage.ended_delay
    return [
        "| many plans | |", "|---|--:|",
        f"| plans due in one minute | {usage.plans:,} |",
        f"| sessions, all succeeded | {usage.sessions:,} |",
        f"| session made after the due time, s: median, 99 % | {made[0]:.0f}, {made[1]:.0f} |",
        f"| session over after the due time, s: median, 99 % | {ended[0]:.0f}, {ended[1]:.0f} |",
        f"| requests of the controller per session | {usage.controller_calls / usage.sessions:.1f} |",
        f"| controller, MiB | {usage.controller_peak_bytes / (1 << 20):.0f} |",
        f"| gateway, MiB | {usage.gateway_peak_bytes / (1 << 20):.0f} |",
        f"| movers at one time, at most | {usage.movers_at_once} |"]


def document(former: str, comparison: Sequence[str], objects: Sequence[str],
             plans: Sequence[str]) -> str:
    """Of the lines that `compared`, `of_objects` and `of_plans` give. Instead of empty ones those of
    the document as it was are kept: they were measured elsewhere."""
    was = _parts(former)
    return "\n".join([*HEAD, *(comparison or was[""]), *(objects or was[OBJECTS]),
                      *(plans or was[PLANS])])


def _parts(text: str) -> dict[str, list[str]]:
    """Lines of a document by the heading that its part begins with; what is compared has none."""
    parts: dict[str, list[str]] = {"": [], OBJECTS: [], PLANS: []}
    heading = ""
    for line in text.split("\n")[len(HEAD):]:
        heading = line if line in (OBJECTS, PLANS) else heading
        parts[heading].append(line)
    return parts


def compared(rows: Sequence[Row], facts: Sequence[str]) -> list[str]:
    lines = [
        "Each figure is ours divided by that of the best of the other programs in this very row,"
        " so 0.50 is twice as good", "and what is above 1.00 is lost.", "",
        *summary(rows), "", "## How", "", *[f"- {fact}" for fact in facts], ""]
    for figure in FIGURES:
        lines += [f"## {figure.title}", "", *details(rows, figure), ""]
    return lines


def of_objects(usages: ApiUsages, facts: Sequence[str]) -> list[str]:
    return [OBJECTS, "", *objects_table(usages), "", *[f"- {fact}" for fact in facts], ""]


def of_plans(usage: PlansUsage, facts: Sequence[str]) -> list[str]:
    return [PLANS, "", *plans_table(usage), "", *[f"- {fact}" for fact in facts], ""]


def _title(row: Row) -> str:
    data, store = row.scenario.split("-")
    return f"{data}, {store}: {TITLES[row.step]}"


def _verdict(row: Row) -> str:
    lost = [figure.title.lower() for figure in (TIME, MEMORY, STORED) if ratio(row, figure) > 1]
    return f"lost: {', '.join(lost)}" if lost else "won"
