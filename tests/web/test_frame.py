"""The frame of the administration: who is let in, where they are sent, and what their forms must show."""

from __future__ import annotations

from tests.web.visitors import Reception


def test_stranger_is_sent_to_the_way_in_and_back_afterwards(reception: Reception) -> None:
    answer = reception.stranger().get("/admin/people")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/log-in?next=%2Fadmin%2Fpeople")


def test_administrator_sees_the_accounts(reception: Reception) -> None:
    answer = reception.account("admin").get("/admin/people")
    assert answer.status_code == 200
    assert "admin@kiosk.example" in answer.text


def test_viewer_does_not_see_the_accounts(reception: Reception) -> None:
    assert reception.account("viewer").get("/admin/people").status_code == 403


def test_form_without_its_word_is_refused(reception: Reception) -> None:
    admin = reception.account("admin")
    assert admin.client.post("/admin/log-out").status_code == 403
    assert admin.post("/admin/log-out").status_code == 303
    assert admin.get("/admin/people").status_code == 303
