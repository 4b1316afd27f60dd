"""What is told of many objects through the API, without any cluster."""

from bench.objects import ApiUsage, calls_in, medians_of, usages_of
from bench.report import document, objects_table, of_objects
from bench.results import Record, Results

MIB = 1 << 20
METRICS = """# TYPE apiserver_request_total counter
apiserver_request_total{code="200",group="",resource="configmaps",scope="namespace",verb="LIST"} 7
apiserver_request_total{code="410",group="",resource="configmaps",scope="namespace",verb="LIST"} 1
apiserver_request_total{code="201",group="",resource="secrets",scope="resource",verb="POST"} 1e+04
apiserver_request_total{code="200",group="",resource="pods",scope="namespace",verb="LIST"} 99
apiserver_request_duration_seconds_count{resource="secrets",verb="LIST"} 5
"""


def test_calls_are_those_for_configuration_only_whatever_their_answer():
    assert calls_in(METRICS) == {"LIST": 8, "POST": 10_000}


def test_median_is_taken_of_each_figure_and_what_is_missing_counts_as_none():
    repetitions = [{"backup": ApiUsage(3.0, {"LIST": 9}, {"mover": 5 * MIB})},
                   {"backup": ApiUsage(1.0, {"LIST": 7, "GET": 1}, {"mover": 9 * MIB})},
                   {"backup": ApiUsage(2.0, {"LIST": 8}, {"mover": 7 * MIB, "gateway": 3 * MIB})}]
    assert medians_of(repetitions) == {
        "backup": ApiUsage(2.0, {"GET": 0, "LIST": 8}, {"gateway": 0, "mover": 7 * MIB})}


def test_table_has_a_column_for_each_process():
    lines = objects_table({
        "backup": ApiUsage(2.61, {"GET": 3, "LIST": 78},
                           {"controller": 30 * MIB, "mover": 9 * MIB}),
        "restore": ApiUsage(42.3, {"POST": 10_001}, {"controller": 31 * MIB})})
    assert lines == [
        "| objects | seconds | calls | controller, MiB | mover, MiB |", "|---|--:|---|--:|--:|",
        "| first backup | 2.6 | GET 3, LIST 78 | 30 | 9 |",
        "| restore into another namespace | 42.3 | POST 10,001 | 31 | 0 |"]


def test_objects_have_a_section_of_their_own():
    usages = {"backup": ApiUsage(1.0, {"LIST": 1}, {"mover": MIB})}
    text = document("", ["| the comparison |", ""], of_objects(usages, ["a fact"]), [])
    assert "| the comparison |\n\n## Objects of a cluster\n" in text
    assert text.endswith("- a fact\n")


def test_results_survive_in_their_file(tmp_path):
    usages = {"backup": ApiUsage(1.5, {"LIST": 2}, {"mover": MIB})}
    record = Record("objects", "full", "2026-01-02", "a machine", {"dmaas": "1"}, usages, 0.5)
    Results(tmp_path / "results", usages_of).add(record)
    assert Results(tmp_path / "results", usages_of).newest("objects", "full") == [record]
