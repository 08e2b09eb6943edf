#!/bin/sh
# Makes sure that a Chromium is there for the browser tests: the system's, the package manager's or Playwright's own.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] && exit 0

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

if command -v apt-get >/dev/null 2>&1 && apt-cache show chromium >/dev/null 2>&1 || {
  command -v apt-get >/dev/null 2>&1 && as_root apt-get update -qq && apt-cache show chromium >/dev/null 2>&1
}; then
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core \
    >/dev/null
elif command -v dnf >/dev/null 2>&1; then
  as_root dnf install -y -q chromium
else
  .venv/bin/playwright install chromium
fi
