"""What stock is worth: cost layers by first in first out, last in first out, or moving average.

A layer is units that came at one cost. What leaves beyond all layers leaves a *short* at the last known cost, which the
next units that come settle; the difference of the two costs is a price correction. Units nobody has explained yet come
at the last known cost, too, and are repriced once a receipt says what they cost. Source of the three methods: IAS 2,
25 and 27 (first in first out, weighted average); last in first out as in US GAAP, ASC 330-10-30-9.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct, field

from protocols.trade import Costing


class Layer(Struct):
    """Units at one cost each. One that is `provisional` stays apart, so that it can be repriced."""

    units: int
    unit_cost: float
    provisional: bool = False


class Flows(Struct):
    """What came and what left so far, in the site's money: the first five came, the rest left.

    `unbooked` came without anybody saying from where, at a provisional cost; `found` and `missing` are count
    differences and adjustments; `corrections` are prices that turned out otherwise after the units had left.
    """

    received: float = 0.0
    returned: float = 0.0
    unbooked: float = 0.0
    found: float = 0.0
    moved_in: float = 0.0
    goods: float = 0.0
    losses: float = 0.0
    missing: float = 0.0
    moved_out: float = 0.0
    corrections: float = 0.0

    @property
    def value_in(self) -> float:
        """All that came."""
        return self.received + self.returned + self.unbooked + self.found + self.moved_in

    @property
    def value_out(self) -> float:
        """All that left; value_in - value_out is what is there."""
        return self.goods + self.losses + self.missing + self.moved_out + self.corrections


class Layers(Struct):
    """The layers of one SKU, oldest first, or the shorts where more left than was there: never both. `last_cost` is
    what the newest receipt said a unit costs, before any the site file's."""

    costing: Costing
    last_cost: float
    layers: deque[Layer] = field(default_factory=deque)
    shorts: deque[Layer] = field(default_factory=deque)
    short: int = 0

    @property
    def units(self) -> int:
        """Units in layers less those that are short: what is on hand."""
        return sum(one.units for one in self.layers) - self.short

    @property
    def value(self) -> float:
        """What they are worth; of shorts, what is still to come, below 0."""
        there = sum((one.units * one.unit_cost for one in self.layers), 0.0)
        return there - sum((one.units * one.unit_cost for one in self.shorts), 0.0)

    def come(self, units: int, unit_cost: float, provisional: bool = False, front: bool = False) -> tuple[Layer, float]:
        """Units come: the layer they are in (empty where all of them settled shorts), and the price correction of the
        shorts they settled. `front`: they come back as the next to leave."""
        corrected = 0.0
        while self.shorts and units:
            oldest = self.shorts[0]
            settled = min(units, oldest.units)
            corrected += settled * (unit_cost - oldest.unit_cost)
            units -= settled
            oldest.units -= settled
            self.short -= settled
            if not oldest.units:
                self.shorts.popleft()
        if not units:
            return Layer(0, unit_cost, provisional), corrected
        layers = self.layers
        if self.costing == "average":
            if layers:
                pool = layers[0]
                pool.unit_cost = (pool.units * pool.unit_cost + units * unit_cost) / (pool.units + units)
                pool.units += units
                return pool, corrected
            layers.append(Layer(units, unit_cost))
            return layers[0], corrected
        at = 0 if front and self.costing == "fifo" else -1
        if layers and not provisional and not layers[at].provisional and layers[at].unit_cost == unit_cost:
            layers[at].units += units
            return layers[at], corrected
        layer = Layer(units, unit_cost, provisional)
        if at == 0:
            layers.appendleft(layer)
        else:
            layers.append(layer)
        return layer, corrected

    def take(self, units: int) -> float:
        """Units leave: what they cost. Beyond all layers at the last known cost, as a short."""
        layers, cost = self.layers, 0.0
        at = -1 if self.costing == "lifo" else 0
        while units and layers:
            layer = layers[at]
            if layer.units > units:
                layer.units -= units
                return cost + units * layer.unit_cost
            cost += layer.units * layer.unit_cost
            units -= layer.units
            layer.units = 0
            if at:
                layers.pop()
            else:
                layers.popleft()
        if units:
            self.short += units
            if self.shorts and self.shorts[-1].unit_cost == self.last_cost:
                self.shorts[-1].units += units
            else:
                self.shorts.append(Layer(units, self.last_cost))
            cost += units * self.last_cost
        return cost

    def reprice(self, put: Layer, of: int, units: int, told_cost: float, unit_cost: float) -> float:
        """Of a put of which `of` units came into the layer `put` at `told_cost`, `units` turn out to have cost
        `unit_cost`: the price correction of those that have left since.

        First in first out: the first to be explained are the first that left; last in first out: the last. In a
        moving average no unit is told from another: as many as are left are repriced. Where all that is left of the
        put is repriced, its layer is no longer `provisional` and belongs to it no more.
        """
        dearer = unit_cost - told_cost
        if self.costing == "average":
            pool = self.layers[0] if self.layers else None
            there = min(units, pool.units) if pool else 0
            if pool:
                pool.unit_cost += dearer * there / pool.units
            return dearer * (units - there)
        gone = of - put.units
        there = units - min(units, gone) if self.costing == "fifo" else min(units, put.units)
        if there and there == put.units:
            put.unit_cost, put.provisional = unit_cost, False
        elif there:
            at = next(i for i, one in enumerate(self.layers) if one is put)
            self.layers.insert(at, Layer(there, unit_cost))
            put.units -= there
        return dearer * (units - there)
