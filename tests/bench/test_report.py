"""The arithmetic and the table of the benchmarks, without any program being run."""

from bench.measure import Usage
from bench.report import MEMORY, OBJECTS, PLANS, TIME, compared, document, ratio, summary
from bench.results import Record, Results, rows_of, samples_of
from bench.scenario import Sample

MIB = 1 << 20


def sample(wall, peak_mib, stored_mib=100):
    return Sample(Usage(wall, wall * 2, peak_mib * MIB), stored_mib * MIB)


def record(date="2026-01-02", **programs):
    return Record("files-local", "full", date, "a machine", {"dmaas": "1"}, {"restore": programs})


def test_median_is_taken_of_each_figure_by_itself():
    records = [record(dmaas=sample(wall, peak)) for wall, peak in [(1, 30), (9, 20), (2, 10)]]
    (row,) = rows_of(records)
    assert row.medians["dmaas"] == sample(2, 20)
    assert row.repetitions == 3


def test_ratio_is_to_the_best_peer_of_each_figure():
    (row,) = rows_of([record(dmaas=sample(2, 30), fast=sample(4, 90), lean=sample(8, 20))])
    assert ratio(row, TIME) == 0.5
    assert ratio(row, MEMORY) == 1.5


def test_lost_row_says_by_what():
    rows = rows_of([record(dmaas=sample(5, 30, 99), peer=sample(4, 40))])
    assert summary(rows)[-1] == (
        "| files, local: restore to an empty directory | 1.25 | 1.25 | 0.75 | 0.99 | lost: time |")


def test_comparison_holds_facts_and_a_table_for_each_figure():
    rows = rows_of([record(dmaas=sample(1, 1), peer=sample(2, 2))])
    text = document("", compared(rows, ["a fact"]), [], [])
    assert "- a fact\n" in text
    assert "| peak memory, MiB | dmaas | peer |\n|---|--:|--:|\n" in text
    assert "| files, local: restore to an empty directory | 1.00 | 2.00 |" in text


def test_what_is_not_measured_again_is_kept():
    rows = rows_of([record(dmaas=sample(1, 1), peer=sample(2, 2))])
    comparison, objects, plans = compared(rows, ["a fact"]), [OBJECTS, "", "- few", ""], [PLANS, "", "- many", ""]
    whole = document("", comparison, objects, plans)
    assert document(whole, [], [], []) == whole
    anew = document(whole, [], [], [PLANS, "", "- more", ""])
    assert anew == whole.replace("- many", "- more") != whole
    assert document(document("", [], objects, []), comparison, [], plans) == whole


def test_results_survive_in_their_file_and_are_told_apart_by_version(tmp_path):
    results = Results(tmp_path / "results", samples_of)
    older = record(dmaas=sample(1.5, 7))
    newer = Record("files-local", "full", "2026-01-03", "a machine", {"dmaas": "2"}, {})
    results.add(older)
    results.add(newer)
    again = Results(tmp_path / "results", samples_of)
    assert again.of("files-local", "full", {"dmaas": "1"}) == [older]
    assert again.newest("files-local", "full") == [newer]
    assert again.newest("image-local", "full") == []
