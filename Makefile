# Everything that is done with this repository is done here; continuous
# integration (.ci/run) calls nothing else. `make help` lists the targets.

MODULE := github.com/meshingress/meshingress

# The next release, as semantic versioning has it, and the repository of its image.
VERSION ?= 0.1.0
IMAGE   ?= meshingress/manager

# The digest of the manager's image, which the manifests name beside its tag. A release
# sets it to that of the image it has built.
IMAGE_DIGEST ?=
IMAGE_REF     = $(IMAGE):v$(VERSION)$(addprefix @,$(IMAGE_DIGEST))

# The release before it, which an OLM catalog upgrades from.
PREVIOUS_VERSION ?= 0.1.0-alpha.1

# Where the files of a release are written to, and the repository whose programs it has, with
# their license and the change fragments. They are not taken from the environment: DIST is
# deleted first, and it is a name that others use. It is absolute, because some recipes run
# in another directory.
DIST   = $(CURDIR)/dist
SOURCE = $(CURDIR)
override DIST := $(abspath $(DIST))

# The OLM bundle's directory, and the manager's image in it.
BUNDLE       ?= bundle
BUNDLE_IMAGE ?= $(IMAGE_REF)
BUNDLES       = $(abspath $(wildcard hack/dist/previous/*/) $(BUNDLE))

# The repositories of the other images, and where the files of a release will be found.
PLUGIN_REPOSITORY ?= meshingress/kubectl-meshingress
BUNDLE_REPOSITORY ?= meshingress/bundle
RELEASE_URL       ?= https://github.com/meshingress/meshingress/releases/download/v$(VERSION)

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
manifests: bin/controller-gen bin/kustomize ## Write the CRDs, RBAC, admission policies, generated docs, the chart's files and the OLM bundle.
	bin/controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	cd config/manager && $(CURDIR)/bin/kustomize edit set image controller=$(IMAGE):v$(VERSION)
	go run ./hack/rbac
	go run ./hack/admission
	go run ./hack/docs
	go run ./hack/chart -version $(VERSION)
	$(MAKE) --no-print-directory bundle

.PHONY: bundle
bundle: ## Write the OLM bundle. BUNDLE and BUNDLE_IMAGE name another place and image.
	go run -C hack/dist ./bundle -root $(CURDIR) -out $(BUNDLE) \
		-version $(VERSION) -replaces $(PREVIOUS_VERSION) -image $(BUNDLE_IMAGE)

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
	go vet -C hack/dist -tags olm ./...

.PHONY: lint
lint: bin/golangci-lint ## Run the linters: style, the walls between packages, the API conventions.
	bin/golangci-lint run
	cd hack/dist && ../../bin/golangci-lint run --build-tags olm

.PHONY: lint-fix
lint-fix: bin/golangci-lint ## Run the linters and repair what they can.
	bin/golangci-lint run --fix
	cd hack/dist && ../../bin/golangci-lint run --build-tags olm --fix

##@ Tests

.PHONY: envtest
envtest: ## Build the control plane that the tests and the demo run on.
	@$(ENVTEST)

# The tests of hack/dist read files outside of their module, which the cache of go test
# does not look at: hence -count=1. They run without the race detector: what packages starts
# no goroutines, and Helm, OLM and Prometheus would be compiled a second time for it.
.PHONY: test
test: ## Run all tests. RACE=-race runs those of the operator with the race detector, as CI does.
	@assets="$$($(ENVTEST))" || exit 1; set -x; \
	KUBEBUILDER_ASSETS="$$assets" go test $(RACE) -timeout 40m ./... && \
	KUBEBUILDER_ASSETS="$$assets" go test -C hack/dist -count=1 -timeout 40m ./...

.PHONY: bundle-validate
bundle-validate: ## Check the OLM bundles, as `make test` does.
	go test -C hack/dist -count=1 ./bundle ./catalog ./internal/...

.PHONY: test-unit
test-unit: ## Run the tests that need no control plane.
	go test $$($(call packages-without,test/env))

.PHONY: test-race
test-race: ## Run the operator's tests (not hack/dist's), never cached, in random order, with the race detector.
	@assets="$$($(ENVTEST))" || exit 1; set -x; \
	KUBEBUILDER_ASSETS="$$assets" go test -race -count=1 -shuffle=on -timeout 40m ./...

.PHONY: test-olm
test-olm: bin/olm bin/catalog bin/opm catalog ## Install, upgrade and remove the operator with a real OLM. Linux, as root or with user namespaces.
	@assets="$$($(ENVTEST))" || exit 1; set -x; \
	KUBEBUILDER_ASSETS="$$assets" go test -C hack/dist -tags olm -count=1 -timeout 20m ./olm

.PHONY: test-release
test-release: ## Try release-dry-run, with programs that compile in no time.
	@dist="$$(mktemp -d)"; trap 'rm -rf "$$dist"' EXIT; \
	$(MAKE) release-dry-run SOURCE=$(CURDIR)/hack/dist/internal/smallrepo/testdata DIST="$$dist"

.PHONY: deflake
deflake: bin/ginkgo ## Run the suites on the control plane over and over until one fails.
	@assets="$$($(ENVTEST))" || exit 1; set -x; \
	KUBEBUILDER_ASSETS="$$assets" bin/ginkgo run $(RACE) --randomize-all --until-it-fails \
		$$($(call packages,test/env) | sed 's|^$(MODULE)|.|')

.PHONY: footprint
footprint: build ## Measure the memory and the processor time of the manager, on Linux.
	@assets="$$($(ENVTEST))" || exit 1; \
	KUBEBUILDER_ASSETS="$$assets" go run ./hack/footprint

##@ Build and run

.PHONY: build
build: ## Build the manager and the kubectl plugin into bin/.
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=v$(VERSION)' \
		-o bin/ ./cmd/manager ./cmd/kubectl-meshingress

# A copy of config names the image, so that a release leaves the source as it is.
.PHONY: install-manifest
install-manifest: bin/kustomize ## Write dist/install.yaml: all that kubectl apply needs.
	@rm -rf $(DIST)/config && mkdir -p $(DIST) && cp -R config $(DIST)/config
	cd $(DIST)/config/manager && $(CURDIR)/bin/kustomize edit set image controller=$(IMAGE_REF)
	bin/kustomize build $(DIST)/config/default > $(DIST)/install.yaml
	@rm -r $(DIST)/config

.PHONY: catalog
catalog: bin/opm ## Write dist/catalog: the OLM catalog of BUNDLE and of those released before.
	@mkdir -p $(DIST)/catalog/meshingress
	go run -C hack/dist ./catalog $(BUNDLES) > $(DIST)/catalog/meshingress/package.yaml
	bin/opm render $(BUNDLES) -o yaml > $(DIST)/catalog/meshingress/bundles.yaml
	bin/opm validate $(DIST)/catalog

.PHONY: chart
chart: ## Write dist/meshingress-VERSION.tgz: the Helm chart.
	go run -C hack/dist ./chartpackage -chart $(CURDIR)/charts/meshingress -out $(DIST) \
		-version $(VERSION) -manager $(IMAGE) -digest "$(IMAGE_DIGEST)"

.PHONY: demo
demo: build ## Show the operator at work on a real control plane. KEEP=1 leaves it running.
	@assets="$$($(ENVTEST))" || exit 1; \
	go build -o bin/demo ./hack/demo && \
	KUBEBUILDER_ASSETS="$$assets" KEEP="$(KEEP)" exec bin/demo

##@ Releases

# All files of a release have the time of the commit, and the images name it.
SOURCE_DATE_EPOCH ?= $(shell $(GIT) log -1 --format=%ct)
REVISION          ?= $(shell $(GIT) describe --always --dirty --abbrev=40 --exclude='*')

.PHONY: image
image: ## Write dist/images: the images of the manager and the plugin, with their SBOMs.
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) go run -C hack/dist ./image -root $(SOURCE) -out $(DIST)/images \
		-version "$(VERSION)" -revision "$(REVISION)" -manager $(IMAGE) -plugin $(PLUGIN_REPOSITORY)

.PHONY: image-test
image-test: ## Hold the images in dist/images to what they promise, and run them.
	go test -C hack/dist -count=1 ./image -images $(DIST)/images -images-version $(VERSION)

.PHONY: release-dry-run
release-dry-run: ## Write dist/, from scratch: everything that a release has. Nothing is published.
	rm -rf "$(DIST)"
	$(MAKE) image image-test
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(MAKE) release-files IMAGE_DIGEST=$$(cat $(DIST)/images/manager.digest)

.PHONY: release-files
release-files: install-manifest chart
	$(MAKE) bundle catalog BUNDLE=$(DIST)/bundle
	go test -C hack/dist -count=1 ./equal -run TestTheFilesOfARelease -dist $(DIST)
	go run -C hack/dist ./release -root $(SOURCE) -dist $(DIST) -version $(VERSION) -url $(RELEASE_URL) \
		-manager $(IMAGE) -plugin $(PLUGIN_REPOSITORY) -bundle $(BUNDLE_REPOSITORY)

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
