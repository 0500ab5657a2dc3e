#!/bin/sh
# Makes or completes the environment in .venv. Called by make: setup.sh PYTHON LOCK...
# A failure is one sentence here, with the tools' own words in .venv/setup.log; the next run goes on from what is there.
set -eu
python=$1
shift
log=.venv/setup.log

give_up() {
    echo "error: $1" >&2
    exit 1
}

offline="is the network there? Run make again when it is; $log has the details"

version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null) && [ "$version" ] ||
    give_up "Python 3.11 or newer is needed, and $python is ${version:-no Python}: install it, or name yours, as in make run PYTHON=python3.12"

# Not only whether it is there: one that was left half-made, or whose Python has gone, is made anew.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        give_up "$python can not make a virtual environment: on Debian, apt install python3-venv"
    echo "making the environment (.venv, Python $version)"
    said=$("$python" -m venv --clear .venv 2>&1) ||
        give_up "$python can not make the environment .venv here: $(echo "$said" | tail -n 1)"
fi

pip_install() {
    .venv/bin/python -m pip --disable-pip-version-check install "$@" >>$log 2>&1
}

: >$log
for lock in "$@"; do
    echo "installing $lock"
    pip_install --require-hashes -r "$lock" || give_up "the packages in $lock could not be installed: $offline"
done

if ! .venv/bin/python hatch_build.py --node 2>/dev/null; then
    echo "fetching Node, which builds the dashboard"
    pip_install --require-hashes -r requirements-node.lock || give_up "Node could not be fetched: $offline"
fi
echo "building the dashboard"
.venv/bin/python hatch_build.py >>$log 2>&1 || give_up "the dashboard could not be built: $offline"
pip_install --no-deps --no-build-isolation -e . || give_up "the project could not be installed; $log says why"
