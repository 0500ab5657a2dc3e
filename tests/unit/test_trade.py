"""The tables of trading in the site file: what does not fit is named, with what to do."""

from __future__ import annotations

import pytest

from cloud.core.kpis.definitions import DEFINITIONS
from protocols.layout import LayoutError, parse
from protocols.trade import MEASURES

SITE = """
[site]
id = "s"
name = "S"
[[zones]]
id = "z"
name = "Z"
[[skus]]
id = "nut"
name = "Nut"
unit_mass_g = 5.0
[[skus]]
id = "bolt"
name = "Bolt"
unit_mass_g = 9.0
[[suppliers]]
id = "acme"
name = "Acme"
[[suppliers]]
id = "best"
name = "Best"
"""
OFFER = '[[offers]]\nsupplier = "acme"\nsku = "nut"\nprice = 2.0\n'
AGREEMENT = '[[agreements]]\nsupplier = "acme"\nskus = ["nut"]\n'


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[suppliers]]\nid = "acme"\nname = "Again"\n', "supplier 'acme' is listed twice"),
        (OFFER + OFFER, "two offers of acme for nut; put their prices into one, as breaks"),
        (OFFER.replace("nut", "screw"), "names a supplier or an SKU that is not listed"),
        (OFFER + "breaks = [{units = 9, price = 1.5}, {units = 5, price = 1.0}]", "have to rise"),
        (AGREEMENT + AGREEMENT.replace("acme", "best"), "managed by 'acme' and by 'best'; one can"),
        (AGREEMENT + "least = {nut = 9}\nmost = {nut = 5}", "swap them"),
        (AGREEMENT + "least = {bolt = 9}", "bounds SKU 'bolt', which it does not name"),
        ("[buying]\nscore_weights = {looks = 5}", "names 'looks'; there are quality, cost"),
        (
            "[buying]\nscore_weights = {quality = 0, cost = 0, delivery = 0, service = 0, innovation = 0}",
            "buying.score_weights are all 0; give one of them a weight",
        ),
        ("[buying]\nservice_levels = {D = 0.9}", "names 'D'; there are A, B, C and AX to CZ"),
        ("[targets]\nprofit = 1", "targets names 'profit'; there are turnover, cover_days"),
        ("[targets]\nfill_rate = 'high'", "Expected `float`, got `str`"),
        ("[buying]\nservice_levels = {A = 1.5}", "Expected `float` < 1.0"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(more: str, said: str) -> None:
    with pytest.raises(LayoutError) as refused:
        parse(SITE + more)

    assert said in str(refused.value)


def test_a_class_has_its_own_level_or_its_letters_or_the_usual_one() -> None:
    buying = parse(SITE + "[buying]\nservice_levels = {A = 0.99, AZ = 0.9}").buying

    assert [buying.level(*one) for one in ("AX", "AZ", "BY", "CZ")] == [0.99, 0.9, 0.95, 0.92]


def test_units_are_kept_for_listed_tiers_only() -> None:
    with pytest.raises(LayoutError, match="SKU 'nut' is kept for tier 'gold', which is not listed"):
        parse(SITE.replace("unit_mass_g = 5.0", "unit_mass_g = 5.0\nprotected = {gold = 5}"))


def test_every_key_figure_and_nothing_else_may_have_a_target() -> None:
    assert [*MEASURES] == [*DEFINITIONS]
    given = "\n".join(f"{name} = 1" for name in MEASURES)
    assert parse(f"{SITE}[targets]\n{given}").targets == dict.fromkeys(MEASURES, 1.0)


def test_a_site_may_have_a_number_at_gs1() -> None:
    def numbered(gln: str) -> str:
        return parse(SITE.replace("[site]", f'[site]\ngln = "{gln}"')).site.gln

    assert (numbered(""), numbered("4012345000009")) == ("", "4012345000009")
    for wrong, said in (("4012345000008", "the check digit of site.gln"), ("401234500000", "site.gln"), ("x", "gln")):
        with pytest.raises(LayoutError, match=said):
            numbered(wrong)
