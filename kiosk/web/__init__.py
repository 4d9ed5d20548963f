"""HTTP: pages, the API, health, and who gets in."""
