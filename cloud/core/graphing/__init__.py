"""The history as Prometheus' HTTP API tells of metrics, for what reads that: Grafana above all.

A series of the history is a metric with labels; of the query language only the plain selector is known. Nothing here
reads a store.
"""
