"""What each supplier of an SKU would ask for what is needed of it, beside what the service would do: for who chooses,
and to be kept with the order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import asdict

from cloud.core.office_view import OfferView
from cloud.core.purchasing.bills import Bill
from cloud.core.purchasing.needs import Asked
from cloud.core.purchasing.sourcing import Sourcing
from cloud.core.refusals import Refusal
from cloud.core.replenishment import Need
from cloud.desks.supplying import Supplying


def offers(bills: Sequence[Bill], found: Sourcing | Refusal) -> list[OfferView]:
    """The suppliers that are chosen first, then the cheapest in all."""
    splits, rejected = ([], []) if isinstance(found, Refusal) else (found.splits, found.rejected)
    chosen = {one.supplier: one for one in splits}
    against = {one.supplier: one.reason for one in rejected if one.reason != "larger_lot"}
    shown = []
    for one in bills:
        supplier, offer, taken = one.option.supplier, one.option.offer, chosen.get(one.option.supplier.id)
        shown.append(
            OfferView(
                supplier.id,
                supplier.name,
                supplier.suspended,
                one.option.score,
                offer.stock,
                one.lot,
                (one.paid - supplier.order_cost) / one.lot,
                one.paid,
                one.option.lead.mean_days,
                one.late,
                one.risk,
                one.total,
                taken.units if taken is not None else 0,
                taken.why if taken is not None else against.get(supplier.id, ""),
            )
        )
    return sorted(shown, key=lambda one: (-one.chosen, one.total, one.supplier))


class Offering:
    """Asks what suppliers would come to. `projected` is what will be there of an SKU."""

    def __init__(self, supplying: Supplying, projected: Callable[[str], int]) -> None:
        self._supplying = supplying
        self._projected = projected

    def of(self, need: Need) -> list[OfferView]:
        """All offers for what a need is of."""
        cover = self._projected(need.sku)
        bills = self._supplying.bills(need.sku, need.quantity, cover)
        return offers(bills, self._supplying.source(need.sku, need.quantity, cover)) if bills else []

    def records(self, asked: Iterable[Asked], sourced: Mapping[int, Sourcing], *, by_hand: bool) -> dict[int, object]:
        """By need, from where it is bought and why, as it is kept with its order. `by_hand`: a person named it."""
        found: dict[int, object] = {}
        for one in asked:
            if (why := sourced.get(one.need)) is not None:
                bills = self._supplying.bills(one.sku, one.units, self._projected(one.sku))
                found[one.need] = asdict(why) | {"sku": one.sku, "by_hand": by_hand, "offers": offers(bills, why)}
        return found


WHY = {
    "no_offer": "No supplier offers it: add an offer to the site file.",
    "observed": "Its SKU is only observed: change `replenish` in the site file.",
    "managed": "Its supplier decides about it by agreement.",
    "another_need": "Another need of the same SKU goes first.",
}
"""Why a need could not be ordered: what would help."""
