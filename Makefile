# Two commands: `make run` (the whole system on this machine) and `make test`. `make` alone checks and tests.
# Needs Python 3.11+ and make; no root, no Docker, no Node.

PYTHON ?= python3
SCENARIO ?= demo
PORT_BASE ?= 7883
# One folder a warehouse: what another one learnt does not belong to it.
STATE ?= $(if $(filter demo,$(SCENARIO)),var,var/$(SCENARIO))
PAGE = $(shell find cloud/web/dashboard/src cloud/web/dashboard/*.* -type f 2>/dev/null)

.PHONY: all run check test sim sim-many chaos bench bench-truth bench-replenish bench-maintenance bench-alerts bench-api bench-dashboard pictures lock clean
all: check test

run: .venv/ready
	@.venv/bin/python run.py "$(SCENARIO)" --state "$(STATE)" --port-base "$(PORT_BASE)"

check: .venv/ready-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python hatch_build.py --check
	.venv/bin/pytest tests/test_house.py tests/unit/test_schema.py

# As many tests at once as there are cores; those of one file in their order, one after the other.
test: .venv/ready-dev
	@sh tests/debian.sh
	.venv/bin/pytest -n auto --dist loadfile --no-loadscope-reorder

# The whole loop in made-up time, with every fault there is: one seed, or N of them. The same seed is the same story.
SEED ?= 1
N ?= 200
FROM ?= 1
WITHOUT ?=
sim: .venv/ready-dev
	@.venv/bin/python -m tests.simulation $(SEED) --without "$(WITHOUT)" $(if $(LOG),--log "$(LOG)")

sim-many: .venv/ready-dev
	@.venv/bin/python -m tests.simulation $(FROM) --seeds $(N) --without "$(WITHOUT)"

# The real processes killed, frozen, cut off and out of room, then the ledger check; about 6 minutes for 100 kills.
KILLS ?= 100
BROKER ?= box
chaos: .venv/ready-dev
	@sh tests/debian.sh
	@.venv/bin/python -m tests.chaos --kills "$(KILLS)" --seed "$(SEED)" --broker "$(BROKER)" $(if $(KEEP),--keep "$(KEEP)")

bench: .venv/ready-dev
	.venv/bin/python -m tests.bench

bench-truth: .venv/ready-dev
	.venv/bin/python -m tests.bench.truth

# Forecasts and ordering: oracles, simulated and real demand, speed; some three minutes on two cores.
bench-replenish: .venv/ready-dev
	.venv/bin/python -m tests.bench.replenish_bench

# Failures foretold: simulated refrigeration, public benchmarks of series and machines where they are at hand.
bench-maintenance: .venv/ready-dev
	.venv/bin/python -m tests.bench.maintenance_bench

# Alerts: storms, chattering sensors, a simulated month, criticals, speed; some two minutes.
bench-alerts: .venv/ready-dev
	.venv/bin/python -m tests.bench.alerts_bench

# The API by strangers: requests made up from its OpenAPI document, and what a request costs; some five minutes.
bench-api: .venv/ready-dev
	.venv/bin/python -m tests.bench.api_bench

# The dashboard in Chromium: weight, speed from shelf to pixel, viewers, cuts, barriers; some ten minutes, alone.
bench-dashboard: .venv/ready-dev
	.venv/bin/python -m tests.bench.dashboard_bench $(if $(ONLY),--only "$(ONLY)")

# Screenshots of every view into docs/pictures/, in both languages and on both screens.
pictures: .venv/ready-dev
	.venv/bin/python -m tests.browser.pictures

# The environment: locked packages with hashes, then the project itself, which builds the dashboard.
.venv/ready: requirements.lock requirements-node.lock pyproject.toml hatch_build.py setup.sh $(PAGE)
	@sh setup.sh "$(PYTHON)" requirements.lock
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	@sh setup.sh "$(PYTHON)" requirements.lock requirements-dev.lock
	@touch $@

# Writes the locks anew from pyproject.toml.
LOCK = .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q
lock: .venv/ready-dev
	$(LOCK) pyproject.toml --group build -o requirements.lock
	$(LOCK) -c requirements.lock --group dev -o requirements-dev.lock
	$(LOCK) --group node -o requirements-node.lock

clean:
	rm -rf .venv cloud/web/static edge/static cloud/web/dashboard/node_modules cloud/web/dashboard/dist
