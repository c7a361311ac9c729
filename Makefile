# Every command works from a bare clone on Debian or Ubuntu: python3 and make are all that has to be there.
# Set-up comes by itself, once; elsewhere than apt it says what to install. Nothing is written outside the checkout
# except the packages that apt installs and pip's cache.

PYTHON := .venv/bin/python
R_HALF := .Rlib/shardr/Meta/package.rds
# The folders too: they change when a file goes.
R_FILES := DESCRIPTION NAMESPACE R man $(shell find R man inst -type f -not -path '*/dataset/*')

# The R half of this checkout goes first; R finds the Python half by the interpreter that has it.
export R_LIBS := $(CURDIR)/.Rlib$(if $(R_LIBS),:$(R_LIBS))
export RETICULATE_PYTHON := $(CURDIR)/$(PYTHON)
# Jobs and their outputs stay in the checkout, too.
export SHARDR_HOME ?= $(CURDIR)/.shardr

EXAMPLE := inst/examples/bank-marketing

.PHONY: help demo env test lint bench images docs dist clean distclean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: setup-demo $(R_HALF) ## run the bank marketing example on two instances of this machine
	@$(PYTHON) $(EXAMPLE)/generate.py $(EXAMPLE)/dataset
	@.venv/bin/shardr run $(EXAMPLE)/job.yml
	@echo; echo 'To type these in this shell, once: eval "$$(make env)". R and RStudio started in this folder need nothing.'

env: ## what lets shardr, python and R of your own shell use this checkout: eval "$(make env)"
	@echo 'export PATH="$(CURDIR)/.venv/bin:$$PATH"'
	@echo 'export R_LIBS="$(R_LIBS)" RETICULATE_PYTHON="$(RETICULATE_PYTHON)" SHARDR_HOME="$(SHARDR_HOME)"'

test: setup-test $(R_HALF) ## every check and test of both halves
	@$(PYTHON) tools/check.py

lint: setup-test $(R_HALF) ## only the checks that read the code: ruff, mypy, lintr
	@$(PYTHON) tools/check.py ruff format mypy lintr

bench: setup-bench $(R_HALF) ## measure against peers; prints ratios
	@$(PYTHON) tools/daemon.py sh -c 'status=0; \
	for program in bench/*.py; do echo "== $$program"; $(PYTHON) $$program || status=1; done; \
	for program in bench/*.R; do echo "== $$program"; Rscript $$program || status=1; done; \
	exit $$status'

images: setup-demo ## build the container images of docker/; needs a Docker daemon
	@.venv/bin/shardr images build

docs: setup-test ## write the R help pages, NAMESPACE and the JSON Schema anew
	@Rscript -e 'roxygen2::roxygenise()'
	@$(PYTHON) tools/spec_page.py
	@$(PYTHON) tools/conformance_page.py
	@$(PYTHON) -c 'import pathlib, shardr.spec.schema as s; pathlib.Path("inst/schema/job.schema.json").write_text(s.schema_text())'

dist: setup-test ## build the wheel, the sdist and the R tarball into dist/
	@rm -rf dist
	@$(PYTHON) -m build --no-isolation --outdir dist .
	@$(PYTHON) tools/rpackage.py build dist

clean: ## remove what was built, the example data and the jobs run
	rm -rf build dist .shardr .mypy_cache .ruff_cache .pytest_cache .hypothesis $(EXAMPLE)/dataset
	find python tests tools bench inst -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## the same, and the set-up
	rm -rf .venv .Rlib .setup || sudo rm -rf .setup # what a Docker daemon has stored there is root's

# The set-up looks for its stamp and ends at once when nothing changed.
setup-%:
	@python3 tools/setup.py $*

$(R_HALF): $(R_FILES) | setup-demo
	@echo "set-up: installing the R half into .Rlib"
	@mkdir -p .Rlib .setup
	@R CMD INSTALL --library=.Rlib --no-test-load . > .setup/r-install.log 2>&1 || { cat .setup/r-install.log; exit 1; }
