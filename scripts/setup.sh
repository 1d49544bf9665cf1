#!/bin/sh
# Makes .venv with exactly the locked packages. Needs Python 3.11+; on Debian as root it installs python3-venv itself.
set -eu
cd "$(dirname "$0")/.."
say() { printf '\033[2m[setup]\033[0m %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

# The first interpreter that is new enough.
python=
for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ] || ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "Python 3.11+ with venv is missing; trying apt-get"
    if ! { command -v apt-get >/dev/null 2>&1 && as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv >/dev/null; }; then
        echo "错误：需要 Python 3.11 以上（含 venv）。Debian：sudo apt-get install python3-venv" >&2
        exit 1
    fi
    python=python3
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "错误：Python 版本低于 3.11" >&2; exit 1; }
fi

say "packages into .venv ($($python --version))"
[ -x .venv/bin/python ] || "$python" -m venv .venv
# uv installs the same hashed lock file several times faster than pip, and copes with lxml[html-clean], which old pips do not.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
# Behind a company's TLS gateway only the system's certificates are right; without ca-certificates only uv's own are.
install() {
    .venv/bin/uv pip install --quiet --python .venv/bin/python "$@" 2>.venv/install.log ||
        .venv/bin/uv pip install --quiet --system-certs --python .venv/bin/python "$@" 2>>.venv/install.log ||
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@" || {
        cat .venv/install.log >&2
        echo "错误：软件包没有装上，见上；检查网络与软件包仓库的设置后重试" >&2
        exit 1
    }
}
install --require-hashes --requirement requirements-dev.lock
install --no-deps --no-build-isolation --editable .
say "packages ready"
