#!/bin/sh
# Makes sure of the tools that are no Python packages: install_tools.sh chromium|promtool ...
# Each is taken from the system or from its package manager; where that is not possible, one sentence says what to do.
set -eu

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$@"; else return 1; fi
}

# Whether apt knows a package, asking the mirrors again where it does not.
apt_knows() {
  command -v apt-get >/dev/null 2>&1 || return 1
  apt-cache show "$1" >/dev/null 2>&1 && return 0
  as_root apt-get update -qq && apt-cache show "$1" >/dev/null 2>&1
}

# For the browser tests: the system's, the package manager's or Playwright's own.
get_chromium() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && return 0
  done
  [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] && return 0
  if apt_knows chromium; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium \
      fonts-dejavu-core >/dev/null
  elif command -v dnf >/dev/null 2>&1; then
    as_root dnf install -y -q chromium
  else
    .venv/bin/playwright install chromium
  fi
}

# For the rules and alerts. Debian has it in the package of the server, which would start one: only the tool is taken out.
get_promtool() {
  [ -x .venv/bin/promtool ] || command -v promtool >/dev/null 2>&1 && return 0
  if apt_knows prometheus; then
    folder=$(mktemp -d)
    chmod 755 "$folder"
    (cd "$folder" && apt-get download -qq -o APT::Sandbox::User="$(id -un)" prometheus && dpkg-deb -x prometheus_*.deb .)
    cp "$folder/usr/bin/promtool" .venv/bin/promtool || return 1
    rm -rf "$folder"
  elif command -v dnf >/dev/null 2>&1; then
    as_root dnf install -y -q golang-github-prometheus
  elif command -v brew >/dev/null 2>&1; then
    brew install --quiet prometheus
  else
    return 1
  fi
}

# A function of a tool's own name would be what `command -v` finds.
for tool in "$@"; do
  "get_$tool" || {
    echo "$tool is not here, and no package manager known here has it: install it so that it is on PATH." >&2
    exit 1
  }
done
