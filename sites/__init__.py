"""Clusters of the test bed with the product in them, and small applications to protect: for tests, demo and benchmarks."""
