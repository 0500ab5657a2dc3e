#!/bin/sh
# The programs some tests need beside what pip brings. `make test` calls this first.
# On Debian as root it installs what is missing, and starts none of it; elsewhere it says which tests will be skipped.
set -eu

missing() {  # PACKAGE PROGRAM-OR-FILE
    case $2 in
        /*) [ ! -e "$2" ] ;;
        *) ! PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$2" >/dev/null 2>&1 ;;
    esac && wanted="$wanted $1" || true
}

wanted=""
missing chromium chromium
missing fonts-noto-cjk /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
missing mosquitto mosquitto
missing influxdb influxd
missing victoria-metrics victoria-metrics
[ -n "$wanted" ] || exit 0

if [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ]; then
    echo "installing for the tests:$wanted"
    # A policy of 101 keeps packages from starting their services; one that is already there is left as it is.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        trap 'rm -f $policy' EXIT
        trap 'exit 130' INT TERM HUP # or an impatient Ctrl-C would leave it there
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
    fi
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    install_all() { apt-get install -y -qq --no-install-recommends $wanted >>"$log" 2>&1; }
    if ! install_all && ! { apt-get update -qq >>"$log" 2>&1 && install_all; }; then
        tail -n 20 "$log" >&2
        echo "the packages above could not be installed: the tests that need them will be skipped" >&2
    fi
    rm -f "$log"
    # Nor are they to start with the machine.
    for service in $wanted; do
        [ ! -e "/lib/systemd/system/$service.service" ] || systemctl disable --quiet "$service" 2>/dev/null || true
    done
else
    for package in $wanted; do
        case $package in
            chromium) echo "no chromium: tests/browser will be skipped" ;;
            fonts-noto-cjk) echo "no CJK font: pictures of the Chinese pages will show empty boxes" ;;
            mosquitto) echo "no mosquitto: half of tests/contract/test_broker.py will be skipped" ;;
            influxdb) echo "no influxd: the InfluxDB part of the history's contract suite will be skipped" ;;
            victoria-metrics) echo "no victoria-metrics: its part of the history's contract suite will be skipped" ;;
        esac
    done
fi
