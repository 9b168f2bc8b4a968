# Every target sets up what it needs first; `make help` lists them.
PYTHON ?= python3
BIN := .tools/bin
VENV := .tools/venv/bin
DEPLOY := $(VENV)/python tools/deploy
PORT_GIVEN = --port '$(PORT)' $(if $(FORCE),--force)
FILE_GIVEN = $(if $(FILE),--file '$(FILE)')
MICROPYTHON := $(CURDIR)/$(BIN)/micropython

.DEFAULT_GOAL := help
.PHONY: application day pieces board flash deploy repl logs backup restore factory-reset check-board stretch fuzz-mqtt soak-mqtt test-brokers help setup run test check format bench image budget merged micropython-esp32like micropython-frozen requirements clean distclean mutation

help:  ## List the targets.
	@awk -F ':.*## *' '/^[a-z0-9-]+:.*##/ {printf "  make %-24s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Fetch the pinned tools into .tools/ and lib/; instant when done before.
	@$(PYTHON) tools/setup

run: setup  ## Run the firmware on the simulated board. SCENARIO=file plays a script; SPEED=60, CAR=vw_id, FRESH=1, CONSOLE=1.
	@$(MICROPYTHON) tools/sim/run.py \
	    $(if $(SCENARIO),--scenario '$(SCENARIO)') $(if $(SPEED),--speed '$(SPEED)') \
	    $(if $(CAR),--car '$(CAR)') $(if $(FRESH),--fresh) $(if $(CONSOLE),--console)

test: setup  ## Run all tests. TESTS=tests/unit picks a folder or file, ARGS='-k pilot' goes to pytest.
	@$(VENV)/pytest -v $(TESTS) $(ARGS)

check: setup  ## Check format, lint, types, spelling and the rules between the rooms.
	@$(VENV)/python tools/check

check-board: setup  ## Judge the tables of firmware/boards/. BOARD=name takes one of them.
	@$(VENV)/python tools/boards $(BOARD)

format: setup  ## Format all Python files and sort their imports.
	@$(VENV)/ruff format --quiet .
	@$(VENV)/ruff check --quiet --select I --fix-only .

wear: setup  ## A year of the worst client on a simulated flash, half an hour; DAYS=7 is shorter.
	@$(MICROPYTHON) -X heapsize=64m tools/bench/flash_year.py $(DAYS)

bench: setup  ## Measure MQTT throughput, memory and the loop; one table.
	@$(VENV)/python tools/bench

fuzz-mqtt: setup  ## Feed 200,000 mutated and random inputs to each MQTT and DNS decoder test.
	@FUZZ_INPUTS=200000 $(VENV)/pytest -q tests/property/test_mqtt_codec.py tests/property/test_dns_codec.py

soak-mqtt: setup  ## Run the MQTT client for 30 days of virtual time against a moody broker.
	@SOAK_DAYS=30 $(VENV)/pytest -v tests/system/test_mqtt_soak.py

test-brokers: setup  ## Fetch other MQTT brokers into .tools/brokers and test the client against them.
	@$(PYTHON) tests/brokers/install.py
	@$(VENV)/pytest -v tests/brokers

image: setup  ## Build what goes onto the board into build/image, and print what it takes.
	@$(VENV)/python tools/image

application: setup  ## Make build/wallbox-app.img, for boxes with frozen firmware: FILE=path/to/micropython.bin.
	$(if $(FILE),,$(error make application: FILE=path/to/micropython.bin is missing))
	@$(VENV)/python tools/image --application '$(FILE)'

board: setup  ## Start a simulated board that the next seven targets can talk to. FRESH=1 is a new chip, OPTIONS='romfs=1'.
	@$(PYTHON) tools/sim/serial_bridge.py $(if $(FRESH),--fresh) $(OPTIONS)

flash: setup  ## Put MicroPython on the chip: PORT=/dev/ttyUSB0 FIRMWARE=ESP32_GENERIC-....bin; ERASE=1 empties it before.
	@$(DEPLOY) flash $(PORT_GIVEN) --firmware '$(FIRMWARE)' $(if $(ERASE),--erase)

deploy: image  ## Put the firmware on the chip: PORT=, the first time BOARD=. FORCE=1 ends a charge.
	@$(DEPLOY) deploy $(PORT_GIVEN) --board '$(BOARD)'

repl: setup  ## Talk to the running firmware's console: PORT=. Stops nothing.
	@$(DEPLOY) repl $(PORT_GIVEN)

logs: setup  ## Print what the box has logged, and go on: PORT=. ONCE=1 ends, STOP=1 stops a box that does not answer.
	@$(DEPLOY) logs $(PORT_GIVEN) $(if $(ONCE),--once) $(if $(STOP),--stop)

backup: setup  ## Copy settings and counters from the board into a file: PORT=, FILE=name.tar.gz.
	@$(DEPLOY) backup $(PORT_GIVEN) $(FILE_GIVEN)

restore: setup  ## Bring them back: PORT=, FILE=name.tar.gz. Counters never go down.
	@$(DEPLOY) restore $(PORT_GIVEN) $(FILE_GIVEN)

factory-reset: setup  ## Forget the settings of the board: PORT=, CONFIRM=yes.
	@$(DEPLOY) factory-reset $(PORT_GIVEN) --confirm '$(CONFIRM)'

budget: image  ## Print the RAM that the firmware holds, in three forms. ARGS='--modules --form frozen' tells more.
	@$(VENV)/python tools/budget $(ARGS)

day: image  ## A day of a household in virtual time, in a small heap; 10 minutes. ARGS='--hours 2 --heap 150'
	@$(VENV)/python tools/budget/household.py $(ARGS)

stretch: image  ## Count the longest stretch of each task between two yields, in instructions; 5 minutes.
	@$(VENV)/python tools/budget/stretch.py $(ARGS)

pieces: image  ## Count what the API does in one go: ctl, set, each piece of get_dev_info with 25 devices; half a minute.
	@$(VENV)/python tools/budget/pieces.py $(ARGS)

micropython-esp32like: setup  ## Build the 32-bit MicroPython with single floats from Debian's source.
	@$(PYTHON) tools/setup esp32like

micropython-frozen: setup  ## Build the same with the firmware frozen into it, merged as for a controller.
	@$(PYTHON) tools/setup frozen

merged: setup  ## Write the firmware as it is frozen to build/merged. ARGS='--where firmware/app.py:4312' finds a line in the source.
	@$(VENV)/python tools/merge $(ARGS)

mutation: setup  ## Spoil the safety core in small ways and count how often the tests notice. ARGS='--sample 100 --report'
	@$(VENV)/python tools/mutation/mutate.py $(ARGS)

requirements: setup  ## Pin the Python tools anew from tools/setup/*.in (needs `uv` on the PATH).
	@tools/setup/compile-requirements

clean:  ## Remove what tests and builds leave behind; keep the tools.
	@rm -rf build .pytest_cache .ruff_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -not -path './.tools/*' -prune -exec rm -rf {} +

distclean: clean  ## Remove the tools as well.
	@rm -rf .tools lib/umqtt lib/umodbus lib/microdot
