"""Measurements, each printed beside a naive one of the same run. Never part of the tests: `make bench`."""
