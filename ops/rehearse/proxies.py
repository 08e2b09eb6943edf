"""What stands before the copies: nginx, Caddy or Traefik, with the configuration that we publish."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from webapp.settings import ROOT

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {maps}
    upstream turnout {{
        {servers}
        keepalive 32;
    }}
    upstream turnout_forms {{
        {servers}
    }}
    server {{
        listen 127.0.0.1:{port};
        include {root}/ops/nginx/proxy.conf;
    }}
}}
"""

# Every request over a kept connection, which is what most set-ups of nginx do.
KEPT = """map "" $turnout { default turnout; } map $http_upgrade $connection_upgrade { "" ""; default upgrade; }"""

CADDY = """
{{
	admin off
	skip_install_trust
	auto_https disable_redirects
	local_certs
	storage file_system {folder}/caddy
	log {{
		output file {folder}/caddy.log
		level WARN
	}}
}}
import {root}/ops/caddy/Caddyfile
"""


@dataclass(frozen=True)
class Proxy:
    """How one is started, where it answers, and the file with its own authority's certificate, if it speaks TLS."""

    command: list[str]
    address: str
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    certificate: Path | None = None


def nginx(folder: Path, port: int, copies: Sequence[int], *, keeps_forms: bool = False) -> Proxy:
    """Over plain HTTP, before copies on these ports."""
    servers = "\n        ".join(f"server 127.0.0.1:{copy} max_fails=0;" for copy in copies)
    file = folder / "nginx.conf"
    maps = KEPT if keeps_forms else f"include {ROOT}/ops/nginx/maps.conf;"
    file.write_text(NGINX.format(folder=folder, servers=servers, port=port, root=ROOT, maps=maps))
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    log = folder / "nginx.log"
    return Proxy([program, "-c", str(file), "-e", str(log)], f"http://127.0.0.1:{port}", log)


def caddy(folder: Path, port: int, copies: Sequence[int]) -> Proxy:
    """Over TLS and HTTP/2, with certificates of its own making."""
    file, address = folder / "Caddyfile", f"https://localhost:{port}"
    file.write_text(CADDY.format(folder=folder, root=ROOT))
    named = {"TURNOUT_NAMES": address, "TURNOUT_COPIES": " ".join(f"127.0.0.1:{copy}" for copy in copies)}
    command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]
    certificate = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    return Proxy(command, address, folder / "caddy.log", named, certificate)


def traefik(folder: Path, port: int, copies: Sequence[int]) -> Proxy:
    """Over plain HTTP."""
    log, rules = folder / "traefik.log", ROOT / "ops" / "traefik" / "turnout.yml"
    command = ["traefik", f"--entryPoints.web.address=127.0.0.1:{port}", f"--providers.file.filename={rules}"]
    command += [f"--log.filePath={log}", "--log.level=WARN", "--global.checkNewVersion=false"]
    named = {"TURNOUT_NAME": "127.0.0.1", "TURNOUT_COPIES": " ".join(f"127.0.0.1:{copy}" for copy in copies)}
    return Proxy([*command, "--global.sendAnonymousUsage=false"], f"http://127.0.0.1:{port}", log, named)
