"""Compares `dmaas repo` with other programs of its kind on this machine, and measures what the product
does with many objects of a cluster; docs/benchmarks.md is its output."""
