"""Plans in the administration, as files for screens, and as what a floor's screen is told."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from kiosk.live.gallery import Screen
from kiosk.store import plans
from kiosk.store.plans import Place
from tests.web.visitors import Reception, Visitor

SHAPES = '<rect id="oak" width="40" height="50"/><rect id="b" x="50" width="40" height="50"/>'


def svg(shapes: str = SHAPES) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50">{shapes}<script>x</script></svg>'.encode()


def png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 20)).save(out, "PNG")
    return out.getvalue()


def upload(visitor: Visitor, data: bytes, path: str = "/admin/plans", **form: str) -> TestResponse:
    form = {"name": "Second floor", "building": "Berlin", "floor": "2"} | form
    boundary, body = encode_multipart({"csrf": visitor.csrf, "file": FileStorage(BytesIO(data), "plan.svg"), **form})
    return visitor.ask("POST", path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


@pytest.fixture
def boss(reception: Reception) -> Visitor:
    return reception.account("admin")


def places(reception: Reception, slug: str = "second-floor") -> list[Place]:
    with reception.parts.store.read() as db:
        return plans.places(db, plans.find(db, slug))


def test_an_uploaded_drawing_is_cleaned_and_its_rooms_suggested(boss: Visitor) -> None:
    answer = upload(boss, svg())
    assert answer.status_code == 303
    page = boss.get(answer.headers["Location"]).text
    assert "Left out" in page
    assert "1 × script" in page
    assert "suggested by name" in page
    assert '<option value="oak" selected>' in page


def test_rooms_are_mapped_and_told_to_the_screen(reception: Reception, boss: Visitor) -> None:
    upload(boss, svg())
    boss.post("/admin/plans/second-floor/places", **{"element:oak": "oak"})
    assert [one.element for one in places(reception)] == ["oak"]
    view = boss.get("/floor/second-floor", headers={"Accept": "application/json"}).json
    assert list(view["tracks"]) == ["oak"]
    floor = view["frame"]["floors"][0]
    assert floor["places"] == [{"room": "oak", "name": "Oak", "outline": '<rect width="40" height="50"/>', "at": None}]


def test_a_plans_file_is_cacheable_for_ever_and_cannot_act(reception: Reception, boss: Visitor) -> None:
    upload(boss, svg())
    frame = reception.server.pulse.gallery.shown(Screen("floor", "second-floor")).frame
    answer = boss.get(frame["floors"][0]["image"])
    assert answer.mimetype == "image/svg+xml"
    assert "script" not in answer.text
    assert {"default-src 'none'", "sandbox"} <= set(answer.headers["Content-Security-Policy"].split("; "))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert reception.stranger().get(frame["floors"][0]["image"]).status_code == 401


def test_a_replaced_plan_changes_the_frame_and_keeps_the_rooms(reception: Reception, boss: Visitor) -> None:
    upload(boss, svg())
    boss.post("/admin/plans/second-floor/places", **{"element:oak": "oak", "element:b": "elm"})
    gallery, screen = reception.server.pulse.gallery, Screen("floor", "second-floor")
    before, image = gallery.version(screen), gallery.shown(screen).frame["floors"][0]["image"]
    upload(boss, svg('<rect id="oak" width="7" height="7"/>'), "/admin/plans/second-floor/file")
    assert gallery.version(screen) != before
    assert boss.get(image).status_code == 404
    page = boss.get("/admin/plans/second-floor").text
    assert "lacks elements" in page
    boss.post("/admin/plans/second-floor/places", **{"element:oak": "oak"})
    assert [one.element for one in places(reception)] == ["oak", "b"]
    boss.post("/admin/plans/second-floor/places", **{"element:oak": "oak", "forget": "on"})
    assert [one.element for one in places(reception)] == ["oak"]


def test_rooms_are_placed_on_a_picture_in_percent(reception: Reception, boss: Visitor) -> None:
    upload(boss, png())
    boss.post("/admin/plans/second-floor/places", **{"x:oak": "25", "y:oak": "50,5", "x:elm": "", "y:elm": ""})
    assert [one.at for one in places(reception)] == [(0.25, 0.505)]
    boss.post("/admin/plans/second-floor", name="Second floor", building="Berlin", floor="2", x="10", y="90")
    frame = reception.server.pulse.gallery.shown(Screen("floor", "second-floor")).frame
    assert frame["floors"][0]["here"] == (0.1, 0.9)


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"element:oak": "oak", "element:b": "oak"}, "Chosen twice: oak"),
        ({"element:oak": "nowhere"}, "not here any more"),
    ],
)
def test_maps_that_cannot_be_are_refused_in_words(boss: Visitor, form: dict[str, str], why: str) -> None:
    upload(boss, svg())
    boss.post("/admin/plans/second-floor/places", **form)
    assert why in boss.get("/admin/plans/second-floor").text


def test_files_that_cannot_be_are_refused_in_words(reception: Reception, boss: Visitor) -> None:
    for data, why in ((b"", "Choose a file"), (b"hello", "cannot be read"), (b" " * (3 << 20), "2 MiB at most")):
        upload(boss, data)
        assert why in boss.get("/admin/plans").text
    assert upload(boss, b"x" * (9 << 20)).status_code == 413
    with reception.parts.store.read() as db:
        assert plans.every(db) == []


def test_only_plans_may_be_large(boss: Visitor) -> None:
    big = "x" * 100_000
    assert boss.post("/admin/levels", name=big).status_code == 413
    assert upload(boss, svg(f"{SHAPES}<desc>{big}</desc>")).status_code == 303


def test_floors_of_a_building_share_their_screen(reception: Reception, boss: Visitor) -> None:
    upload(boss, svg())
    upload(boss, svg(), name="Third floor", floor="3")
    frame = reception.server.pulse.gallery.shown(Screen("floor", "third-floor")).frame
    assert [one["name"] for one in frame["floors"]] == ["2", "3"]
    assert frame["own"] == "third-floor"


def test_the_list_of_screens_leads_to_the_floors(boss: Visitor) -> None:
    upload(boss, svg())
    assert 'href="/floor/second-floor"' in boss.get("/").text


def test_a_deleted_plan_is_gone(boss: Visitor) -> None:
    upload(boss, svg())
    boss.post("/admin/plans/second-floor/delete")
    assert boss.get("/floor/second-floor").status_code == 404


def test_the_command_line_adds_lists_and_removes(
    reception: Reception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from kiosk.__main__ import main

    monkeypatch.setenv("KIOSK_DATABASE_URL", f"sqlite:///{tmp_path / 'kiosk.db'}")
    monkeypatch.setenv("KIOSK_SECRETS", str(tmp_path / "secrets"))
    file = tmp_path / "plan.svg"
    file.write_bytes(svg())
    assert main(["plans", "add", str(file), "Second floor", "--building", "Berlin", "--floor", "2"]) == 0
    assert [one.element for one in places(reception)] == ["oak"]
    assert main(["plans", "list", "--json"]) == 0
    assert '"rooms": 1' in capsys.readouterr().out
    assert main(["plans", "remove", "second-floor"]) == 0
    assert main(["plans", "remove", "second-floor"]) == 1
