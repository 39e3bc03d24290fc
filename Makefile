# Perintah harian. `make run` dan `make test` cukup untuk mulai.
VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
export DJANGO_SETTINGS_MODULE := wbbm.settings

.PHONY: run test check check-types check-rules bench drills gambar lock clean upgrade

# Python 3.11 or newer with venv.
PYTHON := $(shell command -v python3.11 || command -v python3)

$(VENV)/.run-lock: requirements.txt
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Diperlukan Python 3.11 atau lebih baru dengan venv (Debian: apt install python3 python3-venv)."; exit 1; }
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev-lock: requirements-dev.txt $(VENV)/.run-lock
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: export DEMO := 1
run: export DEBUG := 0
run: $(VENV)/.run-lock
	@$(PY) manage.py prepare
	@exec $(PY) manage.py serve

test: $(VENV)/.dev-lock
	$(PY) -m tests.run

check: $(VENV)/.dev-lock
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target check-types check-rules

# The slowest of all, beside the others.
check-types:
	$(VENV)/bin/mypy

check-rules:
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/djlint templates --lint --quiet
	$(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	DEMO=0 DEBUG=0 SITE_URL=https://zi.example.test TRUSTED_PROXIES=127.0.0.1 SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))') \
	  $(PY) manage.py check --deploy --fail-level WARNING

bench: $(VENV)/.dev-lock
	$(if $(SIZE),SIZE=$(SIZE) )$(PY) -m bench.run

# Gangguan di bawah beban, juga tanpa pengamannya; DRILL=nama untuk satu, WRITE=1 menyimpan hasilnya di docs/ketahanan.md.
drills: $(VENV)/.dev-lock
	$(if $(DRILL),DRILL="$(DRILL)" )$(PY) -m drills $(if $(WRITE),--write)

# Memotret ulang docs/gambar dari data contoh; perlu Chromium.
gambar: $(VENV)/.dev-lock
	$(PY) -m tests.browser.take_pictures

# Memperbarui pemasangan ini (docs/operasi.md); sebagai root: make upgrade, atau make upgrade VERSI=v2026.12
upgrade:
	@deploy/upgrade.sh $(VERSI)

# Anew from the .in files; needs `pip install uv`.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
