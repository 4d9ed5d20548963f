"""Which hosts are reached through the proxy, and what the proxy is told."""

from __future__ import annotations

from base64 import b64decode

import pytest

from kiosk.google.route import Route

GOOGLE = "www.googleapis.com"


def test_without_a_proxy_every_host_is_reached_straight() -> None:
    assert Route().proxy_for(GOOGLE) is None


@pytest.mark.parametrize(
    "without", ["*", GOOGLE, "googleapis.com", ".googleapis.com", "*.googleapis.com", "a.example, GoogleApis.com"]
)
def test_host_named_in_no_proxy_is_reached_straight(without: str) -> None:
    assert Route("http://proxy:3128", without).proxy_for(f"{GOOGLE}:443") is None


@pytest.mark.parametrize("without", ["", ",", "apis.com", "www.googleapis.com.example", "oauth2.googleapis.com"])
def test_other_hosts_are_reached_through_the_proxy(without: str) -> None:
    proxy = Route("http://proxy:3128", without).proxy_for(GOOGLE)
    assert proxy is not None
    assert (proxy.host, proxy.port, proxy.headers) == ("proxy", 3128, {})


def test_entry_with_a_port_means_that_port_only() -> None:
    route = Route("http://proxy", f"{GOOGLE}:8443")
    assert route.proxy_for(f"{GOOGLE}:8443") is None
    assert route.proxy_for(f"{GOOGLE}:443")


def test_user_and_password_of_the_proxy_may_contain_anything() -> None:
    proxy = Route("http://an%40a:p%3Ass@proxy").proxy_for(GOOGLE)
    assert proxy is not None
    assert proxy.port == 80
    assert b64decode(proxy.headers["Proxy-Authorization"].removeprefix("Basic ")) == b"an@a:p:ss"
