"""deploy/ and docs/ say what is true: settings, commands, files, and configurations that their programs accept."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
DOCS = [ROOT / "README.md", ROOT / "bench" / "RESULTS.md", *sorted((ROOT / "docs").rglob("*.md"))]
SETTINGS = (ROOT / "wbbm" / "settings.py").read_text()
KNOWN = set(re.findall(r'_(?:text|number|flag|list|key)\("([A-Z_]+)"', SETTINGS))
UNITS = [*sorted((DEPLOY / "server" / "systemd").glob("*.service")), DEPLOY / "laptop" / "portal.service"]


def names(path):
    return str(path.relative_to(ROOT))


def settings_in(path):
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line and not line.startswith("#"))


# --- settings -------------------------------------------------------------------------------------------


def test_every_setting_is_explained_and_no_other():
    table = (ROOT / "docs" / "operasi.md").read_text().split("## Pengaturan")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == KNOWN


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.example")), ids=names)
def test_an_example_environment_names_known_settings_and_holds_no_secret(path):
    given = settings_in(path)
    assert given
    assert set(given) <= KNOWN
    assert not {"DEMO", "DEMO_PASSWORD", "DEBUG"} & set(given)
    assert {given.get(name, "") for name in ("SECRET_KEY", "REPORT_KEY", "BACKUP_KEY")} == {""}
    for password in re.findall(r"://[^:/]+:([^@]+)@", given.get("DATABASE_URL", "")):
        assert password == "ISI_KATA_SANDI"


# --- documents ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCS, ids=names)
def test_every_link_and_every_named_file_is_there(path):
    text = path.read_text()
    missing = [
        target
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
        if "://" not in target and not target.startswith("docs/gambar/") and not (path.parent / target).exists()
    ]
    spoken = re.findall(r"`((?:wbbm|supervisi|templates|static|tests|docs|deploy|bench)/[\w./@-]*)`", text)
    missing += [name for name in spoken if not (ROOT / name).exists()]
    missing += [
        name
        for name in re.findall(r"/opt/portal/((?:deploy|requirements)[\w./-]*)", text)
        if not (ROOT / name).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("path", [*DOCS, *sorted(DEPLOY.rglob("*.service"))], ids=names)
def test_every_command_named_is_one_of_ours(path):
    said = set(re.findall(r"(?:manage\.py|portal-manage) ([a-z][a-z_]+)", path.read_text()))
    assert said <= set(get_commands())


def test_every_command_of_ours_is_explained():
    apps = {"wbbm.jobs", "wbbm.organisasi", "wbbm.notices", "wbbm.upkeep", "layanan", "supervisi"}
    ours = {name for name, app in get_commands().items() if app in apps}
    text = (ROOT / "docs" / "operasi.md").read_text()
    # Demo data are made by `make run`; a deployment never makes them.
    assert {name for name in ours if f"manage.py {name}" not in text} == {"seed_demo"}


def test_every_dependency_has_its_line():
    text = (ROOT / "docs" / "keputusan" / "dependensi.md").read_text().lower()
    wanted = set()
    for name in ("requirements.in", "requirements-dev.in"):
        for line in (ROOT / name).read_text().splitlines():
            found = re.match(r"[A-Za-z0-9-]+", line)
            if found and not line.startswith("-"):
                wanted.add(found[0].lower())
    assert {name for name in wanted if name not in text} == set()


# --- what cron does ---------------------------------------------------------------------------------------


def cron_lines():
    """Return the lines of deploy/server/cron as (when, who, what)."""
    lines = (DEPLOY / "server" / "cron").read_text().splitlines()
    parts = [line.split(None, 6) for line in lines if line and not line.startswith("#")]
    return [(" ".join(part[:5]), part[5], part[6]) for part in parts]


def test_all_that_is_copied_lies_on_the_disk_of_the_backups():
    """A folder beside the mount would lie on the disk that it is to outlive."""
    for path in [*DEPLOY.rglob("*"), ROOT / "docs" / "operasi.md"]:
        if path.is_file():
            assert set(re.findall(r"/var/backups/portal([^/\s`'\",;:).]+)", path.read_text())) == set(), path
    for path in DEPLOY.rglob("portal.env.example"):
        assert settings_in(path)["BACKUP_DIR"] == "/var/backups/portal/set"
    assert [who for _, who, _ in cron_lines()] == ["portal", "portal", "postgres"]


@pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync is not installed")
def test_evidence_is_copied_without_lists_and_what_is_gone_goes_in_a_week(tmp_path):
    source, copy = tmp_path / "files", tmp_path / "salinan"

    def run(number):
        what = cron_lines()[number][2].replace("/var/lib/portal/files", str(source))
        what = what.replace("/var/backups/portal/files", str(copy))
        subprocess.run(["sh", "-c", what], check=False, cwd="/")

    def copied():
        return sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file())

    for name in ("ab/satu", "ab/dua", "ab/daftar/tiga", "daftar/orang.csv"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("separuh")
    run(0)
    assert copied() == ["ab/daftar/tiga", "ab/dua", "ab/satu"]
    # What was copied while it was written is copied again.
    (source / "ab" / "satu").write_text("seluruhnya")
    (source / "ab" / "dua").unlink()
    run(0)
    assert (copy / "ab" / "satu").read_text() == "seluruhnya"
    assert "ab/dua" in copied()
    (copy / "daftar").mkdir()
    (copy / "daftar" / "lama.csv").write_text("dari salinan yang dulu")
    run(1)
    assert copied() == ["ab/daftar/tiga", "ab/satu"]
    # A source that isn't mounted takes nothing away.
    shutil.rmtree(source)
    source.mkdir()
    run(1)
    assert copied() == ["ab/daftar/tiga", "ab/satu"]


# --- what systemd and nginx say -------------------------------------------------------------------------


def test_the_web_is_served_alike_by_systemd_and_by_serve():
    from wbbm.jobs.management.commands.serve import Command

    ours = " ".join(Command()._web().command)
    unit = (DEPLOY / "server" / "systemd" / "portal-web.service").read_text()
    for option in ("--worker-class gthread", "--workers 2", "--threads 4", "--no-control-socket", "wbbm.wsgi"):
        assert option in ours
        assert option in unit


def test_nothing_in_front_of_the_portal_writes_down_who_reports():
    from wbbm.jobs.management.commands.serve import Command
    from wbbm.traceless import MOST_BYTES, PREFIX

    unit = (DEPLOY / "server" / "systemd" / "portal-web.service").read_text()
    for said in (" ".join(Command()._web().command), unit):
        assert "access-log" not in said
        assert "--log-level warning" in said
    for kind in ("server", "laptop"):
        text = (DEPLOY / kind / "nginx.conf").read_text()
        place = text.split(f"location {PREFIX} {{")[1].split("}")[0]
        most = f"{MOST_BYTES // 1024 // 1024}m"
        for line in (
            "access_log off;", "error_log /dev/null crit;", "proxy_pass_request_headers off;",
            f"client_max_body_size {most};", f"client_body_buffer_size {most};", "proxy_max_temp_file_size 0;",
        ):  # fmt: skip
            assert line in place, (kind, line)
        assert set(re.findall(r"proxy_set_header ([\w-]+)", place)) == {
            "Connection", "Host", "Content-Type", "X-Forwarded-Proto",
        }  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_no_memory_is_written_to_disk_when_a_process_dies(unit):
    # In it lie REPORT_KEY and what somebody just reported.
    assert "\nLimitCORE=0\n" in unit.read_text()


def test_systemd_runs_the_queues_that_there_are():
    from wbbm.jobs.models import Queue

    target = (DEPLOY / "server" / "systemd" / "portal.target").read_text()
    assert set(re.findall(r"portal-worker@(\w+)\.service", target)) == set(Queue.values)


def test_several_hosts_run_together_what_one_server_runs():
    from wbbm.jobs.models import Queue

    def wanted(path):
        return set(re.search(r"^Wants=(.+)$", path.read_text(), re.MULTILINE)[1].split())

    one = wanted(DEPLOY / "server" / "systemd" / "portal.target")
    web, worker = (DEPLOY / "hosts" / "systemd" / f"portal-{kind}-host.target" for kind in ("web", "worker"))
    assert wanted(web) | wanted(worker) == one
    assert not wanted(web) & wanted(worker)
    rules = (DEPLOY / "hosts" / "pg_hba.conf").read_text().splitlines()
    lines = [line.split() for line in rules if line and not line.startswith("#")]
    # Nobody from everywhere, nothing unencrypted, no password in the clear.
    assert {(line[0], line[1], line[-1]) for line in lines} == {("hostssl", "portal", "scram-sha-256")}
    assert all(line[3] != "0.0.0.0/0" for line in lines)
    assert {f"{queue}" for queue in Queue.values} == set(re.findall(r"portal-worker@(\w+)", worker.read_text()))


def test_redis_keeps_what_it_is_given_and_asks_for_a_password():
    for text in ((DEPLOY / "server" / "redis.conf").read_text(), (DEPLOY / "compose" / "compose.yaml").read_text()):
        said = re.sub(r'[",\[\]-]+', " ", text)
        for words in (r"appendonly\s+yes", r"maxmemory\s+policy\s+noeviction", r"requirepass\s+\S+"):
            assert re.search(words, said), words


def test_a_host_that_is_gone_holds_no_rows_for_long():
    """It never says goodbye; PostgreSQL and the portal both give up its line in 20 s."""
    roles = (DEPLOY / "server" / "roles.sql").read_text()
    for words in ("tcp_keepalives_idle = 10", "tcp_user_timeout = '20s'", "idle_in_transaction_session_timeout"):
        assert f"ALTER ROLE portal_web SET {words}" in roles
    assert '"tcp_user_timeout": 20_000' in SETTINGS


def test_compose_runs_what_systemd_runs_with_settings_that_there_are():
    whole = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    services = whole["services"]
    assert set(services) == {"db", "redis", "prepare", "web", "worker-cepat", "worker-berat", "sweep"}
    for name, service in services.items():
        if name in {"db", "redis"}:
            continue
        assert set(service["environment"]) <= KNOWN, name
        # Without an answer from outside nothing starts; no secret stands here.
        given = [
            value for key, value in service["environment"].items() if key.endswith(("KEY", "URL")) and "$" in value
        ]
        assert all(re.search(r"\$\{[A-Z_]+:\?\}", value) for value in given)
        assert service["ulimits"] == {"core": 0}
        # The backups alone lie in a folder of the machine: on another disk.
        mounts = set(service["volumes"]) - {"${BACKUP_FOLDER:?}:/var/backups/portal"}
        assert len(mounts) == len(service["volumes"]) - 1
        assert {mount.split(":")[0] for mount in mounts} <= set(whole["volumes"])
        assert {"BACKUP_KEY", "BACKUP_DIR"} <= set(service["environment"])
    owner = [name for name, service in services.items() if "portal_owner" in str(service.get("environment"))]
    assert owner == ["prepare"]
    units = {path.name: path.read_text() for path in (DEPLOY / "server" / "systemd").glob("*.service")}
    for name, unit in (("web", "portal-web"), ("worker-cepat", "portal-worker@"), ("worker-berat", "portal-worker@")):
        run = re.search(r"^ExecStart=\S+/bin/(.+)$", units[f"{unit}.service"], re.MULTILINE)[1]
        run = (
            run.replace("%i", name.removeprefix("worker-"))
            .replace("%%h", "%h")
            .replace("${BIND}:${PORT}", "0.0.0.0:8000")
        )
        assert sorted(services[name]["command"]) == sorted(run.split())
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units(tmp_path):
    for unit in [*UNITS, DEPLOY / "server" / "systemd" / "portal.target"]:
        text = re.sub(r"/opt/portal/\.venv/bin/\w+", "/bin/true", unit.read_text()).replace("/opt/portal", "/tmp")  # noqa: S108
        name = unit.name.replace("@.", "@cepat.")
        (tmp_path / unit.name).write_text(text)
        if name != unit.name:
            (tmp_path / name).write_text(text)
    checked = [str(tmp_path / name) for name in ("portal-web.service", "portal-worker@cepat.service", "portal.service")]
    checked += [str(tmp_path / name) for name in ("portal-prepare.service", "portal-sweep.service", "portal.target")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *checked],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if str(tmp_path) in line]) == (0, [])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_certificate_holds_for_the_office_and_for_nothing_outside(tmp_path):
    make = DEPLOY / "laptop" / "make-certificate.sh"
    run = {"capture_output": True, "text": True, "check": False}
    good = subprocess.run([make, tmp_path, "192.168.1.10"], **run)
    assert good.returncode == 0, good.stderr
    assert "sha256 Fingerprint" in good.stdout
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == (tmp_path / "portal.key").stat().st_mode & 0o777 == 0o600
    authority, kept = (tmp_path / "ca.crt").read_bytes(), (tmp_path / "portal.crt").read_bytes()
    refused = subprocess.run([make, tmp_path, "zi.example.test"], **run)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == "Alamat di luar jaringan dalam: zi.example.test"
    assert (tmp_path / "portal.crt").read_bytes() == kept
    again = subprocess.run([make, tmp_path, "10.0.0.7", "portal.local"], **run)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "ca.crt").read_bytes() == authority


@pytest.mark.skipif(not shutil.which("nginx") or not shutil.which("openssl"), reason="needs nginx and openssl")
@pytest.mark.parametrize("kind", ["server", "laptop"])
def test_nginx_accepts_the_configuration(kind, tmp_path):
    done = subprocess.run([DEPLOY / "laptop" / "make-certificate.sh", tmp_path, "127.0.0.1"], check=False)
    assert done.returncode == 0
    site = (DEPLOY / kind / "nginx.conf").read_text()
    site = site.replace("/etc/portal/tls", str(tmp_path)).replace("/var/log/nginx", str(tmp_path))
    folders = "".join(
        f"{what}_temp_path {tmp_path}/{what};" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ {folders} {site} }}"
    (tmp_path / "nginx.conf").write_text(whole)
    tried = subprocess.run(["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr
