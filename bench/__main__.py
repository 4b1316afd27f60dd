"""./x bench [--quick] [--repeat N] [--minio ADDRESS] [SCENARIO...]

Scenarios: files-local files-minio image-local image-minio objects plans (default: all). Needs root, and
room of three times the data. Goes on where an interrupted run of the same programs was."""

import argparse
import datetime
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable, Sequence, TypeVar

from bench import data, objects, plans, report
from bench.programs import COMPARED, Program, all_programs, our_program
from bench.results import Record, Results, rows_of, samples_of
from bench.scenario import Repetition, Samples
from bench.stores import LocalStore, MinioStore, Store
from bench.workspace import workspace
from testbed import minio
from testbed.errors import TestbedError
from testbed.paths import cache_root, run_root
from testbed.programs import KUBERNETES_VERSION
from testbed.progress import say

COMPARISONS = ("files-local", "files-minio", "image-local", "image-minio")
SCENARIOS = (*COMPARISONS, objects.SCENARIO, plans.SCENARIO)
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
S = TypeVar("S")


def main() -> int:
    arguments = parse_arguments()
    # What a scenario started is stopped then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    size = data.QUICK if arguments.quick else data.FULL
    repeat = arguments.repeat or (1 if arguments.quick else 3)
    compared = Results(cache_root() / "bench-results.jsonl", samples_of)
    of_objects = Results(cache_root() / "bench-objects.jsonl", objects.usages_of)
    of_plans = Results(cache_root() / "bench-plans.jsonl", plans.usage_of)
    try:
        comparisons = [scenario for scenario in COMPARISONS if scenario in arguments.scenarios]
        programs = all_programs() if comparisons else []
        versions = {program.name: program.version() for program in programs}
        for scenario in comparisons:
            measure(compared, scenario, size, versions, repeat,
                    lambda: run_once(scenario, size, arguments.minio, programs))
        versions = {"dmaas": our_program().version(), "Kubernetes": KUBERNETES_VERSION}
        if objects.SCENARIO in arguments.scenarios:
            measure(of_objects, objects.SCENARIO, size, versions, repeat,
                    lambda: objects.measure_objects(size))
        if plans.SCENARIO in arguments.scenarios:
            measure(of_plans, plans.SCENARIO, size, versions, arguments.repeat or 1,
                    lambda: plans.measure_plans(size))
    except TestbedError as error:
        say(f"error: {error}")
        return 1
    show(compared, of_objects, of_plans, size)
    return 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./x bench", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="a tenth of the data, once; the tables are printed, not kept")
    parser.add_argument("--repeat", type=int, help="of which the medians are taken; default 3")
    parser.add_argument("--minio", default=minio.ADDRESS, help="address to start a MinIO at")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    arguments = parser.parse_args()
    unknown = set(arguments.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"no scenario is called {', '.join(sorted(unknown))}")
    arguments.scenarios = arguments.scenarios or SCENARIOS
    return arguments


def measure(results: Results[S], scenario: str, size: data.Size, versions: dict[str, str],
            repeat: int, run: Callable[[], S]) -> None:
    """Until there are so many records of these versions."""
    while (done := len(results.of(scenario, size.name, versions))) < repeat:
        say(f"==> {scenario}, {size.name}: {done + 1} of {repeat}")
        other_load = os.getloadavg()[0]
        samples = run()
        now = datetime.datetime.now(datetime.timezone.utc)
        results.add(Record(scenario, size.name, f"{now:%Y-%m-%d}", machine(), versions, samples,
                           other_load))


def run_once(scenario: str, size: data.Size, address: str, programs: list[Program]) -> Samples:
    kind, store_name = scenario.split("-")
    directory = run_root() / "bench"
    with workspace(directory) as place:
        store: Store = LocalStore(place / "repositories")
        if store_name == MinioStore.name:
            store = MinioStore(place / "minio", address)
        try:
            return Repetition(kind, store, size, place, directory).run(programs)
        finally:
            store.stop()


def show(compared: Results[Samples], of_objects: Results[objects.ApiUsages],
         of_plans: Results[plans.PlansUsage], size: data.Size) -> None:
    """Everything that was measured on this machine, the newest of each scenario. The document keeps
    what was not; programs are compared in it only on one machine."""
    comparisons = [records for scenario in COMPARISONS
                   if (records := compared.newest(scenario, size.name))]
    rows = [row for records in comparisons for row in rows_of(records)]
    apis = of_objects.newest(objects.SCENARIO, size.name)
    usages = objects.medians_of([record.samples for record in apis]) if apis else {}
    many = of_plans.newest(plans.SCENARIO, size.name)
    usage = plans.median_of([record.samples for record in many]) if many else None
    if size is data.FULL:
        is_whole = len(comparisons) == len(COMPARISONS)
        DOCUMENT.write_text(report.document(
            DOCUMENT.read_text() if DOCUMENT.exists() else "",
            report.compared(rows, facts(comparisons, size)) if is_whole else [],
            report.of_objects(usages, facts_of_objects(apis, size)) if apis else [],
            report.of_plans(usage, facts_of_plans(many, size)) if usage else []))
        say(f"wrote {DOCUMENT}")
        if rows and not is_whole:
            say(f"    not what is compared: that needs all of {', '.join(COMPARISONS)}")
    if rows:
        print("\n".join(report.summary(rows)))
    if apis:
        print("\n".join(report.objects_table(usages)))
    if usage:
        print("\n".join(report.plans_table(usage)))


def facts(comparisons: Sequence[Sequence[Record[Samples]]], size: data.Size) -> list[str]:
    return [
        "Again: `./x bench` (all), `./x bench files-local` (one scenario), `./x bench --quick`.",
        f"Data: files – {size.files:,} or more, {size.system_bytes >> 20} MiB or more of /usr and"
        f" small generated ones; image – one file of {size.image_bytes >> 20} MiB: half files of"
        " /usr, a quarter noise, a quarter zeros and holes. In memory before each run.",
        "Each step is done by one program after the other on the same data, after `sync`; a"
        " restore is compared with the data. Checks read everything.",
        *circumstances(comparisons),
        "Other work makes times longer for each program alike; ratios of processor time hardly"
        " change.",
        "Each program with its own defaults: "
        + "; ".join(f"{program.name} – {program.defaults}" for program in COMPARED) + ".",
        "Repositories and restored files lie on an ext4 made for each repetition; MinIO runs on the"
        " same machine and shares its cores.",
    ]


def facts_of_objects(records: Sequence[Record[objects.ApiUsages]], size: data.Size) -> list[str]:
    return [
        "Again: `./x bench objects`. No peer is measured beside it: the figures are ours alone.",
        f"Data: {objects.COUNTS[size.name]:,} objects, half ConfigMaps, half Secrets of 1 kB, in one"
        " namespace of a cluster made for each repetition; what is restored is compared with it.",
        "Seconds are those of the command, from its start to the end of the session. Calls are the"
        " requests for ConfigMaps and Secrets that the API server counted, whoever made them."
        " Memory is each process's largest resident set in the step.",
        *circumstances([records]),
    ]


def facts_of_plans(records: Sequence[Record[plans.PlansUsage]], size: data.Size) -> list[str]:
    return [
        "Again: `./x bench plans`. No peer is measured beside it: the figures are ours alone.",
        f"{plans.PLANS[size.name]} namespaces with a plan and a repository each, all due in the same"
        f" minute, {plans.ROUNDS[size.name]} times. Movers are real but have no containers around"
        f" them; the storage lets {plans.MOVERS_AT_MOST} run at one time, {plans.SLOTS} could.",
        "Requests are those of the controller's account, counted by the API server. API server, etcd"
        " and movers share the machine's cores.",
        *circumstances([records]),
    ]


def circumstances(scenarios: Sequence[Sequence[Record]]) -> list[str]:
    """`scenarios`: comparable records of each."""
    newest = [records[-1] for records in scenarios]
    versions = {f"{name} {version}" for record in newest
                for name, version in record.versions.items()}
    counts = ", ".join(f"{records[-1].scenario} {len(records)}" for records in scenarios)
    loads = ", ".join(
        f"{record.scenario} {record.other_load:.1f}" if record.other_load is not None
        else f"{record.scenario} not recorded" for record in newest)
    return [
        f"Medians of repetitions: {counts}; last measured {max(record.date for record in newest)}.",
        f"Machine: {'; '.join(sorted({record.machine for record in newest}))}.",
        f"Versions: {', '.join(sorted(versions))}.",
        f"Load of other work when a scenario began: {loads}.",
    ]


def machine() -> str:
    model = subprocess.run(["lscpu"], capture_output=True, text=True, check=True).stdout
    name = next((line.split(":")[1].strip() for line in model.splitlines()
                 if line.startswith("Model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{os.cpu_count()} × {name}, {memory} GiB, Linux {platform.release().split('-')[0]}"


if __name__ == "__main__":
    sys.exit(main())
