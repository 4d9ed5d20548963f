"""The nginx configuration that the product brings, made to listen where a test wants it to."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.running import ROOT

GIVEN = ROOT / "deploy" / "campus" / "nginx.conf"
MAIN = """
{user}
worker_processes 2;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/unused1;
    uwsgi_temp_path {folder}/unused2;
    scgi_temp_path {folder}/unused3;
    include {folder}/site.conf;
}}
"""


def written(folder: Path, port: int, processes: list[int], plain: int = 0) -> str:
    """Write the site beside it, and return a whole configuration: TLS on `port`, and on `plain` what leads there.

    Without `plain` there is no TLS, and `port` speaks plain http. Certificate and key are tls.pem and tls.key.
    """
    site = GIVEN.read_text().replace("/var/cache/nginx/kiosk", str(folder / "files"))
    servers = "\n".join(rf"    server 127.0.0.1:{each}\g<settings>" for each in processes)
    site = re.sub(r"(?m)(^    server 127\.0\.0\.1:\d+(?P<settings>.*;).*\n)+", f"{servers}\n", site)
    site = re.sub(r"(?m)^    listen \[::\].*\n", "", site).replace("rooms.example.com", "localhost 127.0.0.1")
    (folder / "site.conf").write_text(_plain(site, port) if not plain else _tls(site, folder, port, plain))
    # The folders of tests are their owner's alone.
    return MAIN.format(folder=folder, user="user root;" if os.geteuid() == 0 else "")


def _tls(site: str, folder: Path, port: int, plain: int) -> str:
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace(
        "listen 80", f"listen 127.0.0.1:{plain}"
    )
    site = site.replace("/etc/ssl/kiosk/fullchain.pem", str(folder / "tls.pem"))
    return site.replace("/etc/ssl/kiosk/privkey.pem", str(folder / "tls.key"))


def _plain(site: str, port: int) -> str:
    site = re.sub(r"(?s)server \{\n    listen 80.*?\n\}\n", "", site, count=1)
    return re.sub(r"(?m)^    ssl_.*\n", "", site.replace("listen 443 ssl", f"listen 127.0.0.1:{port}"))
