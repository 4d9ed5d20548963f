"""From where something is asked: the network that counts as one place when tries are limited."""

from __future__ import annotations

import ipaddress

# Whoever has one IPv6 address has this many bits of them.
OWN_BITS = 64


def network(place: str) -> str:
    """Return the network that an address is in, as its owner has it; a place that is no address is itself."""
    try:
        address = ipaddress.ip_address(place)
    except ValueError:
        return place
    if address.version == 4:
        return str(address)
    # A server that listens for both kinds hears of IPv4 like this.
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), OWN_BITS), strict=False))
