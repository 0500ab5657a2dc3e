"""What is answered under /grafana, in the shapes that Prometheus documents for its HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Point = tuple[float, str]
"""A moment in seconds since 1970, and the value then; as text, since it may be NaN."""


class Scalar(Struct, frozen=True, tag_field="resultType", tag="scalar"):
    """A number that belongs to no metric."""

    result: Point


class Instant(Struct, frozen=True):
    """A metric's labels, and its value at one moment."""

    metric: Mapping[str, str]
    value: Point


class Vector(Struct, frozen=True, tag_field="resultType", tag="vector"):
    """Metrics at one moment."""

    result: list[Instant]


class Course(Struct, frozen=True):
    """A metric's labels, and its values at even steps; where nothing was heard there are none."""

    metric: Mapping[str, str]
    values: list[Point]


class Matrix(Struct, frozen=True, tag_field="resultType", tag="matrix"):
    """Metrics over a span of time."""

    result: list[Course]


class Valued(Struct, frozen=True):
    """The values that were asked for."""

    status: Literal["success"]
    data: Scalar | Vector | Matrix


class Named(Struct, frozen=True):
    """Names of labels, or values of one."""

    status: Literal["success"]
    data: list[str]


class Labelled(Struct, frozen=True):
    """The labels of each metric."""

    status: Literal["success"]
    data: list[dict[str, str]]


class About(Struct, frozen=True):
    """What a metric is."""

    type: Literal["gauge"]
    help: str
    unit: str


class Described(Struct, frozen=True):
    """What metrics are, by name."""

    status: Literal["success"]
    data: dict[str, list[About]]


class Build(Struct, frozen=True, rename="camel"):
    """Which version of Prometheus' API this is like. What there is not is empty."""

    version: str
    application: str
    revision: str = ""
    branch: str = ""
    build_user: str = ""
    build_date: str = ""
    go_version: str = ""


class Built(Struct, frozen=True):
    """Who answers."""

    status: Literal["success"]
    data: Build


class Failure(Struct, frozen=True, rename="camel"):
    """Why there is no answer."""

    status: Literal["error"]
    error_type: Literal["bad_data", "execution", "unavailable"]
    error: str
