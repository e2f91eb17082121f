# Everything that is done with this repository is done here; continuous
# integration (.ci/run) calls nothing else. `make help` lists the targets.

MODULE := github.com/meshingress/meshingress

# The next release, as semantic versioning has it, and the repository of its image.
VERSION ?= 0.1.0
IMAGE   ?= meshingress/manager

# git may not trust a checkout that another user owns, as in a container.
GIT := git -c safe.directory=$(CURDIR)

# The race detector needs a C compiler and doubles the time of a run. CI has it, and
# RACE=-race anywhere else.
RACE ?= $(if $(CI),-race)

# go asks git for a version stamp, which fails where git does not trust the
# checkout. VERSION is the stamp here.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

# Builds the control plane and prints its directory. Some suites run pods, and so
# need the same binaries as the demo.
ENVTEST := go run ./hack/envtest -demo

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Each recipe keeps all cores busy by itself.
.NOTPARALLEL:

##@ General

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' Makefile

.PHONY: clean
clean: ## Remove everything that was built, the control plane included.
	rm -rf bin dist

##@ Generated files

.PHONY: generate
generate: bin/controller-gen ## Write the deep copy functions of the API types.
	bin/controller-gen object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: bin/controller-gen ## Write the CRDs, the RBAC rules, the admission policies and the documentation's tables.
	bin/controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	go run ./hack/rbac
	go run ./hack/admission
	go run ./hack/docs

.PHONY: golden
golden: ## Rewrite the golden files of the providers from what the code does now.
	go test $$($(call packages,providers/providertest)) -run Golden -count=1 -update

.PHONY: verify
verify: generate manifests golden ## Fail if a generated file is out of date or not committed.
	@changed="$$($(GIT) status --porcelain)" || exit 1; \
	if [ -n "$$changed" ]; then \
		$(GIT) --no-pager diff; \
		echo "These files differ from the commit after 'make generate manifests golden':"; \
		echo "$$changed"; \
		echo "Look at the difference, then commit them."; \
		exit 1; \
	fi

##@ Code

.PHONY: fmt
fmt: bin/golangci-lint ## Format the Go code.
	bin/golangci-lint fmt
	cd hack/dist && ../../bin/golangci-lint fmt

.PHONY: vet
vet: ## Run go vet.
	go vet ./...
	go vet -C hack/dist ./...

.PHONY: lint
lint: bin/golangci-lint ## Run the linters: style, the walls between packages, the API conventions.
	bin/golangci-lint run
	cd hack/dist && ../../bin/golangci-lint run

.PHONY: lint-fix
lint-fix: bin/golangci-lint ## Run the linters and repair what they can.
	bin/golangci-lint run --fix
	cd hack/dist && ../../bin/golangci-lint run --fix

##@ Tests

.PHONY: envtest
envtest: ## Build the control plane that the tests and the demo run on.
	@$(ENVTEST)

.PHONY: test
test: ## Run all tests. RACE=-race runs them with the race detector, as CI does.
	@assets="$$($(ENVTEST))" || exit 1; set -x; \
	KUBEBUILDER_ASSETS="$$assets" go test $(RACE) -timeout 40m ./... && \
	KUBEBUILDER_ASSETS="$$assets" go test -C hack/dist -timeout 40m ./...

.PHONY: test-unit
test-unit: ## Run the tests that need no control plane.
	go test $$($(call packages-without,test/env))

.PHONY: test-race
test-race: ## Run all tests again, never cached, in random order, with the race detector.
	@assets="$$($(ENVTEST))" || exit 1; set -x; \
	KUBEBUILDER_ASSETS="$$assets" go test -race -count=1 -shuffle=on -timeout 40m ./...

.PHONY: deflake
deflake: bin/ginkgo ## Run the suites on the control plane over and over until one fails.
	@assets="$$($(ENVTEST))" || exit 1; set -x; \
	KUBEBUILDER_ASSETS="$$assets" bin/ginkgo run $(RACE) --randomize-all --until-it-fails \
		$$($(call packages,test/env) | sed 's|^$(MODULE)|.|')

##@ Build and run

.PHONY: build
build: ## Build the manager and the kubectl plugin into bin/.
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=v$(VERSION)' \
		-o bin/ ./cmd/manager ./cmd/kubectl-meshingress

.PHONY: install-manifest
install-manifest: bin/kustomize ## Write dist/install.yaml: all that kubectl apply needs.
	@mkdir -p dist
	bin/kustomize build config/default > dist/install.yaml

.PHONY: demo
demo: build ## Show the operator at work on a real control plane. KEEP=1 leaves it running.
	@assets="$$($(ENVTEST))" || exit 1; \
	go build -o bin/demo ./hack/demo && \
	KUBEBUILDER_ASSETS="$$assets" KEEP="$(KEEP)" exec bin/demo

# Tools, each built again when the go.mod that pins it changes.

bin/controller-gen: hack/tools/go.mod
	$(call tool,hack/tools,sigs.k8s.io/controller-tools/cmd/controller-gen)

bin/kustomize: hack/tools/go.mod
	$(call tool,hack/tools,sigs.k8s.io/kustomize/kustomize/v5)

bin/ginkgo: hack/tools/go.mod
	$(call tool,hack/tools,github.com/onsi/ginkgo/v2/ginkgo)

# The tags leave out what opm needs for storing images, which asks for C libraries.
bin/olm bin/catalog bin/opm: export GOFLAGS += -tags=containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper

bin/olm bin/catalog: hack/tools/olm/go.mod
	$(call tool,hack/tools/olm,github.com/operator-framework/operator-lifecycle-manager/cmd/$(@F))

bin/opm: hack/tools/olm/go.mod
	$(call tool,hack/tools/olm,github.com/operator-framework/operator-registry/cmd/opm)

bin/golangci-lint: hack/tools/lint/go.mod
	$(call tool,hack/tools/lint,sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter)

# $(call tool,DIRECTORY OF THE MODULE,PACKAGE) builds a package as $@.
define tool
	@echo "building $@ (once; minutes when the build cache is cold)"
	@GOWORK=off CGO_ENABLED=0 go build -C $(1) -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ $(2)
	@touch $@
endef

# $(call packages,PACKAGE) lists PACKAGE of this module and those that import it,
# in their tests or elsewhere; packages-without lists the others. Both leave out
# what has no tests.
imports = go list -f '{{if or .TestGoFiles .XTestGoFiles}} {{.ImportPath}} {{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}} {{end}}' ./...
packages = $(imports) | grep -F ' $(MODULE)/$(1) ' | cut -d' ' -f2
packages-without = $(imports) | grep -vF ' $(MODULE)/$(1) ' | cut -d' ' -f2
