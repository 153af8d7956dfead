# Finds Python and uv; sourced by the other scripts, from the project's folder.

uv_version=0.13.9
uv_oldest=0.9.0

say() { printf '%s\n' "$*" >&2; }

# Sets $python to the first Python that is new enough.
find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
    done
    return 1
}

require_python() {
    find_python && return 0
    say "Llama Blocks needs Python 3.11 or newer; python3 here is $(python3 --version 2>&1 | cut -d' ' -f2)."
    say "Install a newer one beside it (on Ubuntu 22.04: apt-get install python3.11 python3.11-venv), then run make again."
    exit 1
}

# Sets $uv to a uv that is new enough: the user's, or the one fetched into build/uv.
find_uv() {
    for uv in uv build/uv/bin/uv; do
        found=$("$uv" --version 2>/dev/null | cut -d' ' -f2) || continue
        [ "$(printf '%s\n' "$uv_oldest" "$found" | sort -V | head -n1)" = "$uv_oldest" ] && return 0
    done
    return 1
}

has_pip() { "$python" -m pip --version >/dev/null 2>&1; }

can_fetch_uv() { find_python && { has_pip || "$python" -c 'import ensurepip, venv' 2>/dev/null; }; }
