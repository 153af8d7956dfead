#!/bin/sh
# Makes .venv with the versions that pyproject.toml pins; fetches uv first where it is absent.
set -eu
cd "$(dirname "$0")/../.."
. resources/setup/tools.sh

require_python

if ! find_uv; then
    say "Fetching uv $uv_version from the package registry into build/uv."
    rm -rf build/uv
    export PIP_ROOT_USER_ACTION=ignore
    if has_pip; then
        "$python" -m pip install --quiet --target build/uv "uv==$uv_version"
    else
        "$python" -m venv build/uv
        build/uv/bin/python -m pip install --quiet "uv==$uv_version"
    fi || { say "uv could not be fetched: check the network and pip's settings."; exit 1; }
    find_uv
fi

# uv does not read pip's settings: hand it the registry and certificates that pip was told to use.
pip_setting() { "$python" -m pip config get "global.$1" 2>/dev/null || true; }

uv_settings=$(cat "${XDG_CONFIG_HOME:-$HOME/.config}/uv/uv.toml" /etc/uv/uv.toml 2>/dev/null || true)
case "${UV_DEFAULT_INDEX-}${UV_INDEX_URL-}$uv_settings" in
    "") index=${PIP_INDEX_URL:-$(pip_setting index-url)} ;;
    *) index="" ;;
esac
[ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
certificates=${SSL_CERT_FILE:-${PIP_CERT:-$(pip_setting cert)}}
if [ -n "$certificates" ]; then
    export SSL_CERT_FILE="$certificates"
elif [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    export UV_SYSTEM_CERTS=1 # what this machine trusts, which uv does not ask by itself
fi

say "Installing the pinned Python packages into .venv."
"$uv" sync --python "$python"
