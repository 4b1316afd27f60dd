"""What is told of many plans, without any cluster."""

from bench.plans import PlansUsage, calls_in, median_of, percentiles, usage_of
from bench.report import plans_table
from bench.results import Record, Results

MIB = 1 << 20
METRICS = """# TYPE apiserver_flowcontrol_dispatched_requests_total counter
apiserver_flowcontrol_dispatched_requests_total{flow_schema="dmaas-controller",priority_level="workload-high"} 1.2e+03
apiserver_flowcontrol_dispatched_requests_total{flow_schema="exempt",priority_level="exempt"} 99
"""


def usage(seconds):
    return PlansUsage(500, 5000, seconds, 45_000, 150 * MIB, 90 * MIB, (1.0, 9.0), (20.0, 80.0), 8)


def test_only_requests_of_the_controller_are_counted():
    assert calls_in(METRICS) == 1200


def test_percentiles_are_the_middle_and_the_last_hundredth():
    assert percentiles([float(value) for value in range(101)]) == (50.0, 99.0)


def test_the_repetition_in_the_middle_stands_for_all():
    assert median_of([usage(30.0), usage(10.0), usage(20.0)]) == usage(20.0)


def test_the_table_names_rates_and_limits():
    lines = plans_table(usage(1000.0))
    assert "| requests of the controller per session | 9.0 |" in lines
    assert "| session over after the due time, s: median, 99 % | 20, 80 |" in lines


def test_results_survive_in_their_file(tmp_path):
    record = Record("plans", "full", "2026-01-02", "a machine", {"dmaas": "1"}, usage(1.0), 0.5)
    Results(tmp_path / "results", usage_of).add(record)
    assert Results(tmp_path / "results", usage_of).newest("plans", "full") == [record]
