# The front of the build: each target is a few commands. CMakeLists.txt and CMakePresets.json hold the rest.
#
#   make          libraries and programs: build/lib, build/bin      make check    format, lint, layers, sizes, documentation
#   make demo     the building example on a recorded log            make format   reformat the sources
#   make test     everything that can be tested on this machine     make bench    measure, ours beside the peers there are
#   make tsan     the tests under the thread sanitizer              make fuzz     fuzz each target for FUZZ_S seconds
#   make dev      build and test with ASan and UBSan                make soak     the scenarios, long: SOAK_ROUNDS rounds
#   make clean    remove build/                                     make bench-quick   ours alone, in two minutes
#   make churn    nodes killed, stopped and halted for CHURN_S seconds
#   make guard    count the instructions of the hot paths           make bench-plots   build/plots/*.svg
#   make guard-baseline   keep these counts as what they should be
#   make bench-net    between two processes, beside plain Zenoh (needs cargo)
#
# One test: make dev TEST=mailbox_test; some benchmarks: make bench BENCH_ARGS="--only ring,ask"

BENCH_ARGS ?=
CHURN_S ?= 300
DATA ?= examples/building/data
FUZZ_S ?= 60
SOAK_ROUNDS ?= 1000
TEST ?= .

.PHONY: all release demo test dev tsan check format bench bench-net bench-quick bench-plots guard guard-baseline fuzz soak churn clean bootstrap

all: release

bootstrap:
	@tools/bootstrap.sh build

release: bootstrap
	@tools/build.sh release

# Only what it runs: the Zenoh driver alone takes minutes.
demo: bootstrap
	@tools/build.sh release building
	@tools/demo.sh "$(DATA)"

test:
	@tools/test.sh

dev tsan:
	@tools/bootstrap.sh test
	@tools/build.sh $@
	@ctest --preset $@ -R "$(TEST)"

check:
	@tools/bootstrap.sh test
	@tools/check.sh

format:
	@tools/bootstrap.sh test
	@tools/format.sh

bench: release
	@tools/bootstrap.sh bench
	@bench/run.py $(BENCH_ARGS)

bench-quick: release
	@tools/bootstrap.sh bench
	@bench/run.py --quick $(BENCH_ARGS)

bench-net: release
	@tools/bootstrap.sh bench
	@bench/net.py $(BENCH_ARGS)

bench-plots: release
	@tools/bootstrap.sh plots
	@bench/plots.py $(BENCH_ARGS)

guard:
	@tools/bootstrap.sh test
	@tools/guard.sh release
	@tools/guard.sh guard-clang || test $$? -eq 77

guard-baseline:
	@tools/bootstrap.sh test
	@tools/guard.sh release --renew
	@tools/guard.sh guard-clang --renew || test $$? -eq 77

fuzz:
	@tools/bootstrap.sh test
	@tools/build.sh fuzz
	@tools/fuzz.sh "$(FUZZ_S)"

soak:
	@tools/bootstrap.sh test
	@tools/soak.sh "$(SOAK_ROUNDS)"

churn:
	@tools/bootstrap.sh test
	@tools/churn.sh "$(CHURN_S)"

clean:
	@rm -rf build
