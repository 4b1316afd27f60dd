"""./x bench [--quick] [--repeat N] [--minio ADDRESS] [SCENARIO...]

Scenarios: files-local files-minio image-local image-minio (default: all). Needs root, and room of
three times the data. Goes on where an interrupted run of the same programs was."""

import argparse
import datetime
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Sequence

from bench import data, report
from bench.programs import Program, all_programs
from bench.results import Record, Results, Row, rows_of
from bench.scenario import Repetition
from bench.stores import LocalStore, MinioStore, Store
from bench.workspace import workspace
from testbed import minio
from testbed.errors import TestbedError
from testbed.paths import cache_root, run_root
from testbed.progress import say

SCENARIOS = ("files-local", "files-minio", "image-local", "image-minio")
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    arguments = parse_arguments()
    size = data.QUICK if arguments.quick else data.FULL
    repeat = arguments.repeat or (1 if arguments.quick else 3)
    results = Results(cache_root() / "bench-results.jsonl")
    try:
        programs = all_programs()
        versions = {program.name: program.version() for program in programs}
        for scenario in arguments.scenarios:
            while (done := len(results.of(scenario, size.name, versions))) < repeat:
                say(f"==> {scenario}, {size.name}: {done + 1} of {repeat}")
                results.add(run_once(scenario, size, arguments.minio, programs, versions))
    except TestbedError as error:
        say(f"error: {error}")
        return 1
    show(results, size, programs)
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./x bench", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="a tenth of the data, once; the table is printed, not kept")
    parser.add_argument("--repeat", type=int, help="of which the medians are taken; default 3")
    parser.add_argument("--minio", default=minio.ADDRESS, help="address to start a MinIO at")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    arguments = parser.parse_args()
    unknown = set(arguments.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"no scenario is called {', '.join(sorted(unknown))}")
    arguments.scenarios = arguments.scenarios or SCENARIOS
    return arguments


def run_once(scenario: str, size: data.Size, address: str, programs: list[Program],
             versions: dict[str, str]) -> Record:
    kind, store_name = scenario.split("-")
    other_load = os.getloadavg()[0]
    directory = run_root() / "bench"
    with workspace(directory) as place:
        store: Store = LocalStore(place / "repositories")
        if store_name == MinioStore.name:
            store = MinioStore(place / "minio", address)
        try:
            samples = Repetition(kind, store, size, place, directory).run(programs)
        finally:
            store.stop()
    now = datetime.datetime.now(datetime.timezone.utc)
    return Record(scenario, size.name, f"{now:%Y-%m-%d}", machine(), versions, samples,
                  other_load)


def show(results: Results, size: data.Size, programs: Sequence[Program]) -> None:
    rows: list[Row] = []
    newest: list[Record] = []
    for scenario in SCENARIOS:
        of_scenario = [record for record in results.records()
                       if (record.scenario, record.size) == (scenario, size.name)]
        if of_scenario:
            newest.append(of_scenario[-1])
            rows += rows_of(results.of(scenario, size.name, newest[-1].versions))
    if size is data.FULL:
        before = DOCUMENT.read_text() if DOCUMENT.exists() else ""
        DOCUMENT.write_text(report.document(rows, facts(rows, newest, size, programs), before))
        say(f"wrote {DOCUMENT}")
    print("\n".join(report.summary(rows)))


def facts(rows: Sequence[Row], records: Sequence[Record], size: data.Size,
          programs: Sequence[Program]) -> list[str]:
    counts = ", ".join(f"{record.scenario} {row.repetitions}"
                       for record in records
                       for row in rows if row.scenario == record.scenario and row.step == "backup")
    versions = {f"{name} {version}" for record in records
                for name, version in record.versions.items()}
    return [
        "Again: `./x bench` (all), `./x bench files-local` (one scenario), `./x bench --quick`.",
        f"Data: files – {size.files:,} or more, {size.system_bytes >> 20} MiB or more of /usr and"
        f" small generated ones; image – one file of {size.image_bytes >> 20} MiB: half files of"
        " /usr, a quarter noise, a quarter zeros and holes. In memory before each run.",
        "Each step is done by one program after the other on the same data, after `sync`; a"
        " restore is compared with the data. Checks read everything.",
        f"Medians of repetitions: {counts}; last measured {max(row.date for row in rows)}.",
        f"Machine: {'; '.join(sorted({record.machine for record in records}))}.",
        "Load of other work when a scenario began: " + ", ".join(
            f"{record.scenario} {record.other_load:.1f}" if record.other_load is not None
            else f"{record.scenario} not recorded" for record in records)
        + ". Times of a machine with other work are longer, for each program alike; ratios of"
        " processor time hardly change.",
        f"Versions: {', '.join(sorted(versions))}.",
        "Each program with its own defaults: "
        + "; ".join(f"{program.name} – {program.defaults}" for program in programs) + ".",
        "Repositories and restored files lie on an ext4 made for each repetition; MinIO runs on the"
        " same machine and shares its cores.",
    ]


def machine() -> str:
    model = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
    name = next((line.split(":")[1].strip() for line in model.splitlines()
                 if line.startswith("Model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{os.cpu_count()} × {name}, {memory} GiB, Linux {platform.release().split('-')[0]}"


if __name__ == "__main__":
    sys.exit(main())
