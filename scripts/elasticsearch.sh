#!/bin/sh
# Gets what the tests of the real Elasticsearch need: the server's archive (by Maven, once, into a cache) and a JDK 21+.
# Never fails: without them those tests are skipped, and the session says so at its end.
set -u
cd "$(dirname "$0")/.."
say() { printf '\033[2m[setup]\033[0m %s\n' "$*"; }
get() { .venv/bin/python -m tests.elastic.obtain; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}
install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1; }
have_java() { .venv/bin/python -c 'from tests.elastic.obtain import find_java; find_java()' 2>/dev/null; }

if found=$(get 2>/dev/null); then
    say "$found"
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && as_root true; then
    say "Maven and a JDK by apt-get, for the tests of the real Elasticsearch (about a minute)"
    as_root apt-get update -qq >/dev/null 2>&1
    # A Debian has the one or the other; 12 has neither.
    have_java || install openjdk-25-jdk-headless || install openjdk-21-jdk-headless || true
    if have_java && ! command -v mvn >/dev/null 2>&1; then install maven || true; fi
fi
if found=$(get); then
    say "$found"
else
    echo "注意：真实 Elasticsearch 的测试将被跳过，原因见上；产品本身不受影响（默认用内置索引）" >&2
fi
exit 0
