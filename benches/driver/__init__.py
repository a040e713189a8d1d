"""The driver of the benchmarks: builds, starts servers, measures, tells. Python's standard library only."""
