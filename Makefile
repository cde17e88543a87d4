# `make demo` and `make test` are all that a newcomer needs; both run as root on Debian 12 with a
# Rust toolchain, and install from Debian's packages what is missing.

CARGO ?= cargo
PROBLEMS := testcases/problems
# For tests only: walls that can be taken away, places at which a worker can be told to die.
TEST_FEATURES := judge-core/missing-walls,judge-worker/failpoints

# Where `make bench` leaves its tables and plots.
REPORT ?= target/bench-report

.PHONY: demo test test-here test-beside lint unit test-v2 verify deploy-check third-party image bench bench-readme fuzz chaos soak

# Judges submissions of the shipped packages with no server at all.
demo:
	.ci/needs.sh toolchains
	$(CARGO) build --release --bin judge-worker
	deploy/demo.sh target/release/judge-worker

# Everything: units, sandboxes, a private RabbitMQ and MariaDB, deployment files, all packages.
test:
	.ci/needs.sh all
	$(MAKE) --jobs=2 --output-sync=line test-here test-beside

# What is built in target/debug, one after the other.
test-here:
	$(MAKE) --jobs=1 unit
	$(MAKE) --jobs=1 third-party
	$(MAKE) --jobs=1 verify

# What is not, and takes about as long: that other kernel has but one processor.
test-beside:
	$(MAKE) --jobs=1 test-v2
	$(MAKE) --jobs=1 deploy-check
	$(MAKE) --jobs=1 fuzz

unit:
	$(CARGO) test --workspace --no-fail-fast --features $(TEST_FEATURES)

# Cases of others, read from the folder that JUDGE_THIRD_PARTY_CASES names.
third-party:
	@if [ -n "$$JUDGE_THIRD_PARTY_CASES" ]; then \
	    $(CARGO) test -p judge-core --test third_party_cases -- --ignored; \
	else \
	    echo "third-party cases: not run, for JUDGE_THIRD_PARTY_CASES is not set"; \
	fi

# The sandbox tests on a kernel that has nothing but cgroup v2 (User-mode Linux, no KVM).
test-v2:
	.ci/v2/test

deploy-check:
	deploy/check.sh

# Every reference submission of every shipped package behaves as its folder says.
verify:
	$(CARGO) run --bin judge-worker -- verify $(wildcard $(PROBLEMS)/*)

# Bounded: each fuzzer gets FUZZ_SECONDS, 15 unless set.
fuzz:
	.ci/fuzz

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features $(TEST_FEATURES) -- -D warnings
	$(CARGO) clippy -p judge-core -- -D warnings # as it is delivered: no wall can be missing
	$(CARGO) clippy -p judge-worker -- -D warnings # and nothing fails because a test says so

# Builds the worker's image and proves it in podman; needs root, and minutes for the Rust build.
image:
	deploy/tests/image.sh

# At least 2,000 submissions and 100 kills with MariaDB, and a quarter of that with SQLite; `make test` has a short one.
# JUDGE_CHAOS_SEED repeats a schedule.
chaos:
	.ci/needs.sh all
	JUDGE_CHAOS_SUBMISSIONS=$${JUDGE_CHAOS_SUBMISSIONS:-2000} JUDGE_CHAOS_KILLS=$${JUDGE_CHAOS_KILLS:-100} \
	    $(CARGO) test -p judge-worker --features failpoints --test chaos -- --nocapture

# 20,000 submissions through one worker, which may not grow; `make test` has a short one.
soak:
	.ci/needs.sh all
	JUDGE_SOAK_SUBMISSIONS=$${JUDGE_SOAK_SUBMISSIONS:-20000} \
	    $(CARGO) test --release -p judge-worker --test soak -- --nocapture

# All benches, on a machine that does nothing else; says at its end how long they took.
bench:
	.ci/needs.sh bench
	benches/all.sh $(REPORT)

# The same, and its figures replace those in the README.
bench-readme: bench
	benches/publish.sh $(REPORT)
