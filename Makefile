# SCST Local for Kubernetes: `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
KEEP ?=
NODE_ENV_DIR := test/env/node
CONTROL_PLANE_DIR := test/env/control-plane

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup-tools
setup-tools: ## Check for the tools that the build needs, and install those that are missing (apt, as root or by sudo)
	@test/env/setup-tools.sh

node_modules/.package-lock.json: package.json package-lock.json .npmrc
	@echo "==> npm ci (about 20 seconds)"
	@npm ci --no-progress --loglevel=error
	@touch $@

.PHONY: build
build: setup-tools node_modules/.package-lock.json ## Compile everything: bin/scst-operator, bin/scst-node-agent, bin/scst-engine then work
	@echo "==> native parts"; $(MAKE) -s --no-print-directory -C node-agent/native
	@echo "==> TypeScript (about 20 seconds the first time)"; npx tsc -p tsconfig.json

.PHONY: setup-node
setup-node: ## Fetch the test kernels and tools (UML and QEMU): about 1 minute the first time
	@$(NODE_ENV_DIR)/setup.sh

.PHONY: setup-control-plane
setup-control-plane: ## Build kube-apiserver, etcd, kubectl and helm: 4 to 8 minutes the first time, kept in the cache
	@$(CONTROL_PLANE_DIR)/build.sh

.PHONY: setup-kubernetes
setup-kubernetes: ## The same and a kubelet, which the kernel tests run
	@$(CONTROL_PLANE_DIR)/build.sh kube-apiserver etcd kubectl helm kubelet

.PHONY: announce-demo
announce-demo:
	@echo "make demo: builds everything, fetches a kernel, builds a control plane, and then runs the main job on them."
	@echo "Warm about a minute; the first time about 5 minutes on two cores, most of it for kube-apiserver, which is kept. Ctrl-C is"
	@echo "safe at any time: what is done is not done again."

.PHONY: announce-demo-node
announce-demo-node:
	@echo "make demo-node: builds node agent and engine, fetches a kernel, and then runs a disk on a node without a cluster."
	@echo "Warm about half a minute, the first time about two."

.PHONY: demo
demo: announce-demo build setup-node setup-control-plane ## kubectl apply to a real SCSI disk, end to end (KEEP=1 leaves it running)
	@KEEP=$(KEEP) node dist/test/env/demo/main.js cluster

.PHONY: demo-node
demo-node: announce-demo-node build setup-node ## The same disk on one node without a cluster: under two minutes (KEEP=1 leaves it running)
	@KEEP=$(KEEP) node dist/test/env/demo/main.js node

.PHONY: lint
lint: build ## Lint, format, drift of the generated types
	@npx eslint . && npx prettier --check . && node dist/crds/generate.js --check

.PHONY: unit
unit: build ## Unit, property and protocol-model tests
	@node test/run.mjs unit

.PHONY: native
native: build ## The ring add-on and its simulator under ThreadSanitizer and AddressSanitizer
	@node test/run.mjs native

.PHONY: cluster
cluster: build setup-control-plane ## Tests against a real API server
	@node test/run.mjs cluster

.PHONY: kernel
kernel: build setup-node setup-conformance setup-kubernetes ## Tests on a real kernel (UML), those of faults in QEMU with two CPUs too
	@node test/run.mjs kernel two-cpus

.PHONY: e2e
e2e: build setup-node setup-control-plane ## kubectl to /dev/sdX: a real API server and a real kernel together
	@node test/run.mjs e2e

.PHONY: test
test: build setup-node setup-kubernetes setup-conformance ## All levels but bench; does all set-up
	@node test/run.mjs lint unit native cluster kernel two-cpus e2e

.PHONY: setup-conformance
setup-conformance: ## Fetch libiscsi's conformance tests, multipath-tools, bash-completion and containerd
	@test/env/debian-packages.sh conformance libiscsi-bin libiscsi7 libcunit1
	@test/env/debian-packages.sh multipath multipath-tools liburcu8 libaio1
	@test/env/debian-packages.sh terminal bash-completion
	@test/env/debian-packages.sh containers containerd runc

.PHONY: conformance
conformance: build setup-node setup-conformance ## libiscsi's conformance tests against our disks: a table (about 5 minutes)
	@node dist/test/conformance/main.js

.PHONY: bench-agent
bench-agent: build setup-node ## Sessions, 256 LUNs and 64 rings, each beside a C program that does the same: a table and docs/benchmarks (about 5 minutes)
	@node dist/test/bench/agent/main.js

.PHONY: bench-node
bench-node: build setup-node ## Our engine beside LIO fileio, tcmu-runner and a minimal C engine: a table and docs/benchmarks (about 6 minutes)
	@test/env/debian-packages.sh bench tcmu-runner libtcmu2 libnl-3-200 libnl-genl-3-200 qemu-utils
	@node dist/test/bench/node/main.js

.PHONY: clean
clean: ## Remove what was built in this checkout (the caches stay)
	@rm -rf dist build
