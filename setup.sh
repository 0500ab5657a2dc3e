#!/bin/sh
# Makes or completes the environment in .venv. Called by make: setup.sh PYTHON LOCK...
set -eu
python=$1
shift

give_up() {
    echo "error: $1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 || give_up "$python was not found: install Python 3.11 or newer, or say make run PYTHON=/path/to/python3"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    give_up "Python 3.11 or newer is needed and $python is $version: say make run PYTHON=python3.12, or whichever you have"

if [ ! -x .venv/bin/python ]; then
    echo "making the environment (.venv, Python $version)"
    "$python" -m venv .venv || { rm -rf .venv; give_up "$python can not make a virtual environment: on Debian, apt install python3-venv"; }
fi

pip() {
    .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"
}

for lock in "$@"; do
    echo "installing $lock"
    pip install --require-hashes -r "$lock" ||
        give_up "the packages in $lock could not be installed: is the network there? Run make again when it is"
done

# The dashboard is built with Node: the machine's own, else one that pip brings for the build and that goes again.
node=.venv/node
major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p' || true)
if [ "${major:-0}" -lt 18 ] && ! .venv/bin/python hatch_build.py --fresh; then
    echo "fetching Node for the build of the dashboard"
    pip install --require-hashes --target "$node" -r requirements-node.lock ||
        give_up "Node could not be fetched: is the network there? Run make again when it is"
fi
echo "building the dashboard"
PYTHONPATH="$node" .venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation -e . ||
    give_up "the project could not be installed; the lines above say why"
rm -rf "$node"
