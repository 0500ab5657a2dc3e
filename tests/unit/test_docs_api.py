"""docs/api.md is true: its rights are those of the code, its requests answer as it says."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from cloud.web.roles import RIGHTS
from tests.desk import PASSWORD, TOKEN
from tests.unit import shop
from tests.unit.pages import anchors, blocks, tables

TEXT = shop.page("api")


def test_the_rights_are_those_of_the_code() -> None:
    rows = {row[0]: row[2].split(", ") for row in tables(TEXT, "right")[0]}
    rights = {right for may in RIGHTS.values() for right in may}

    assert rows == {right: [role for role, may in RIGHTS.items() if right in may] for right in rights}
    assert {"problems", "signing-in"} <= anchors(TEXT)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
async def test_the_requests_are_answered_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "\n".join(text for _, text in blocks(TEXT, "sh")[1:])
    (_, shown) = blocks(TEXT, "json")[0]
    async with shop.opened(tmp_path, monkeypatch) as open_shop:
        await open_shop.post("/api/v1/book", {"kind": "receipt", "sku": "gloves-m", "units": 20})
        script = script.replace("http://127.0.0.1:8080", open_shop.url).replace('"..."', f'"{PASSWORD}"')
        script = re.sub(r"^(curl .*)$", r"\1; echo", f"TOKEN={TOKEN}\n{script}", flags=re.MULTILINE)
        made = await asyncio.create_subprocess_shell(script, cwd=tmp_path, stdout=asyncio.subprocess.PIPE)
        out, _ = await made.communicate()

    stock, session, problem, held, again, seen, late, picked, page = map(json.loads, out.decode().split("\n")[:9])
    assert {one["id"] for one in stock} >= {"gloves-m", "insulin"}
    assert (session["user"], session["role"]) == ("bo", "buyer")
    assert problem == json.loads(shown)
    assert (held, held["id"], held["state"]) == (again, 1, "held")
    assert (seen["covered"], picked["state"]) == (2, "picked")
    assert (late["status"], late["code"], late["by"]) == (412, "changed", "bo")
    assert (len(page["items"]), bool(page["next"])) == (1, True)
