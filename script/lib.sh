# shellcheck shell=bash
# What the scripts share: their help, and preparing Python packages and system packages.
# Written for bash 3.2, which macOS still has.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
PYTHON="$ROOT/.venv/bin/python"

# Progress goes to standard error: standard output belongs to the program that a script starts.
say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$@"
    exit 1
}

# Print the comment that opens a script and end, when the first argument asks for help.
help_if_asked() {
    case "${2:-}" in
        -h | --help)
            awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"
            exit 0
            ;;
    esac
}

has() {
    command -v "$1" >/dev/null 2>&1
}

fits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

# Print the first Python that the product runs on; fail silently when there is none.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if fits "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# install_packages PACKAGE... : through apt as root; otherwise one sentence that says what to do, and the end.
install_packages() {
    local output
    if ! has apt-get; then
        fail "Missing here: $*. Install them with this system's package manager, such as brew, then start this again."
    fi
    if [ "$(id -u)" -ne 0 ]; then
        fail "Missing here: $*. Run \`sudo apt-get update && sudo apt-get install -y $*\`, then start this again."
    fi
    say "Installing $* ..."
    # A broken list of somebody else's packages is no reason to stop: the installation below decides.
    apt-get -qq update >/dev/null 2>&1 || true
    output=$(DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@" 2>&1) ||
        fail "$output" $'\n'"apt-get could not install $*; its words are above."
}

# install_missing LIST... : install every package that these lists of words name, if any does.
install_missing() {
    # shellcheck disable=SC2048,SC2086 # one word for each package
    set -- $*
    if [ $# -gt 0 ]; then
        install_packages "$@"
    fi
}

# Whether .venv has a Python that runs: one that the system has replaced since finds no packages.
is_usable() {
    fits "$PYTHON" && "$PYTHON" -c 'import pip' >/dev/null 2>&1
}

# Print the packages that are missing for a virtual environment, unless there is one already.
missing_python() {
    local python
    if is_usable; then
        return
    elif ! python=$(find_python); then
        echo python3 python3-venv
    elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo python3-venv
    fi
}

# What an installation was made from: when any of it differs, it is made again.
installation_key() {
    printf '%s\n' "$ROOT" "$("$PYTHON" --version 2>&1)"
    cat "$ROOT/requirements.txt" "$ROOT/requirements-dev.txt" "$ROOT/pyproject.toml" | cksum
}

make_environment() {
    local python
    if is_usable; then
        return
    fi
    install_missing "$(missing_python)"
    python=$(find_python) || fail "Python 3.11, 3.12 or 3.13 is needed: install one of them, then start this again."
    say "Creating .venv with $("$python" --version) ..."
    "$python" -m venv --clear "$ROOT/.venv" >&2 || fail "Python could not create $ROOT/.venv; its words are above."
}

# prepare REQUIREMENTS : make .venv hold that file's pinned packages and this checkout; at once when it does.
prepare() {
    local stamp="$ROOT/.venv/.installed-$1"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(installation_key)" ]; then
        return
    fi
    make_environment
    say "Installing the Python packages of $1 (a minute or two, the first time only) ..."
    {
        "$PYTHON" -m pip install --quiet --disable-pip-version-check -r "$ROOT/$1" &&
            "$PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e "$ROOT"
    } >&2 || fail "The Python packages could not be installed; pip's words are above."
    installation_key >"$stamp"
}

# Print a browser of Chromium's family; CHROMIUM names another one. Fail silently when there is none.
find_browser() {
    local name
    for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome \
        "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        if command -v "$name"; then
            return
        fi
    done
    return 1
}

# Debian keeps PostgreSQL's programs beside the others.
has_postgresql() {
    has initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Whether the browser without windows, which does a third less, is to be had and not there; tests can do without.
spares_windows() {
    [ "$(id -u)" = 0 ] && has apt-cache && ! has chromium-headless-shell &&
        apt-cache show chromium-headless-shell >/dev/null 2>&1
}

# Print the system packages that the tests need and this machine lacks.
missing_for_tests() {
    find_browser >/dev/null || echo chromium
    has shellcheck || echo shellcheck
    has faketime || echo faketime
    # What several processes of one installation stand behind, and wake each other through.
    has nginx || [ -x /usr/sbin/nginx ] || echo nginx
    has redis-server || echo redis-server
    has_postgresql || echo postgresql
    # A minimal Debian has no letters but Latin ones, and some not even these.
    if has dpkg-query; then
        is_installed fonts-noto-core || echo fonts-noto-core
        is_installed fonts-noto-cjk || echo fonts-noto-cjk
    fi
}

prepare_system() {
    install_missing "$(missing_python)" "$(missing_for_tests)"
    if spares_windows; then
        (install_packages chromium-headless-shell) 2>/dev/null || true
    fi
}
