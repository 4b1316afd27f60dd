"""Compares `dmaas repo` with other programs of its kind on this machine; docs/benchmarks.md is its output."""
