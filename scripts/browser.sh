#!/bin/sh
# Finds or installs a Chromium and Chinese fonts for evidence pictures. Never fails: without a browser the product runs
# and says so on every alert.
set -u
cd "$(dirname "$0")/.."
say() { printf '\033[2m[setup]\033[0m %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

have_browser() {
    .venv/bin/python -c 'from evidence.browser import find_browser; find_browser("auto")' 2>/dev/null
}

have_fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh 2>/dev/null | head -1)" ]; }

if have_browser && have_fonts; then exit 0; fi
if command -v apt-get >/dev/null 2>&1 && as_root true; then
    say "browser and Chinese fonts by apt-get (about half a minute)"
    as_root apt-get update -qq >/dev/null 2>&1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        chromium-headless-shell fontconfig fonts-noto-cjk >/dev/null 2>&1 ||
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            chromium fontconfig fonts-noto-cjk >/dev/null 2>&1 || true
fi
if ! have_browser; then
    say "no browser from apt-get; trying playwright's own"
    timeout 120 .venv/bin/playwright install chromium-headless-shell >/dev/null 2>&1 || true
fi
if ! have_browser; then
    echo "注意：本机没有可用的浏览器，预警照常发出，但会标明「无法取证」。安装：sudo apt-get install chromium-headless-shell" >&2
elif ! have_fonts; then
    echo "注意：本机没有中文字体，截图里的汉字会显示为方块。安装：sudo apt-get install fonts-noto-cjk" >&2
fi
exit 0
