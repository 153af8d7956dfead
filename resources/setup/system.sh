#!/bin/sh
# Installs with apt the system packages that are missing here, and says which.
# Usage: system.sh offscreen|window|test   (test: a screen of its own, and hands to use it with)
set -eu
cd "$(dirname "$0")/../.."
. resources/setup/tools.sh

missing=""

# need PACKAGE COMMAND...: the package is missing when the command fails.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

PATH="$PATH:/sbin:/usr/sbin"
libraries=$(ldconfig -p 2>/dev/null || true)

# need_library PACKAGE SONAME: where ldconfig cannot be asked, the library is taken to be there.
need_library() {
    case "$libraries" in
        "" | *"$2 "*) ;;
        *) missing="$missing $1" ;;
    esac
}

! command -v python3 >/dev/null || require_python

need python3 command -v python3
need g++ command -v "${CXX:-c++}"
need patch command -v patch
if ! find_uv; then
    need python3-venv can_fetch_uv
fi

need_library libgl1 libGL.so.1
need_library libegl1 libEGL.so.1
need_library libxkbcommon0 libxkbcommon.so.0
need_library libglib2.0-0 libglib-2.0.so.0
need_library libfontconfig1 libfontconfig.so.1
need_library libdbus-1-3 libdbus-1.so.3
if [ "$1" != offscreen ]; then
    need_library libxcb-cursor0 libxcb-cursor.so.0
    need_library libxcb-icccm4 libxcb-icccm.so.4
    need_library libxcb-keysyms1 libxcb-keysyms.so.1
    need_library libxcb-shape0 libxcb-shape.so.0
    need_library libxkbcommon-x11-0 libxkbcommon-x11.so.0
    need_library libwayland-cursor0 libwayland-cursor.so.0
    need_library libwayland-egl1 libwayland-egl.so.1
fi
if [ "$1" = test ]; then
    need xvfb command -v Xvfb
    need xdotool command -v xdotool
fi

[ -n "$missing" ] || exit 0

packages="apt-get install --yes --no-install-recommends$missing"
if ! command -v apt-get >/dev/null; then
    say "These Debian packages, or your system's packages of the same libraries and tools, are missing:$missing"
    say "Install them, then run make again."
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root="sudo"
else
    say "System packages are missing, and installing them needs root. Type this as root, then run make again:"
    say "    apt-get update && $packages"
    exit 1
fi

say "Installing the system packages that are missing:$missing"
# A list that cannot be refreshed (a third party's, say) need not stop the packages from being found.
$as_root apt-get update --quiet=2 || say "apt could not refresh all its package lists; going on with what it has."
if ! $as_root env DEBIAN_FRONTEND=noninteractive $packages >build/log/apt.log 2>&1; then
    tail -n 5 build/log/apt.log >&2
    say "apt could not install them; its whole output is in build/log/apt.log. To try it yourself:"
    say "    ${as_root:+sudo }$packages"
    exit 1
fi
