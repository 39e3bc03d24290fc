"""Several hosts: data, two with workers, two with the web, each in a network namespace of its own, joined by a bridge.

`python -m drills.hosts` is what the drill's stack runs: the four hosts of the portal, and the proxy in front. The data
host (PostgreSQL with the roles of deploy/, Redis with its configuration and a password) stands before that.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from drills.run import Drill, Run
from drills.stack import DURABLE, ROOT, Stack, descendants, wait_until
from tests import servers

NETWORK = "10.213.0"
DATA, FRONT = f"{NETWORK}.2", f"{NETWORK}.1"
WORKERS = {"w1": f"{NETWORK}.11", "w2": f"{NETWORK}.12"}
WEB = {"web1": f"{NETWORK}.21", "web2": f"{NETWORK}.22"}
PORT = 8000
CUT_SECONDS = 8.0
BACK_WITHIN = 40.0
# By then PostgreSQL has given up the sessions of a host that is gone (deploy/server/roles.sql).
GIVEN_UP = 22.0


def why_not() -> str:
    """Return why this machine can't run the drill; nothing when it can."""
    if os.geteuid() != 0:
        return "perlu root untuk ruang jaringan (ip netns)"
    if shutil.which("ip") is None:
        return "iproute2 tidak terpasang"
    name = f"zi-coba-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True).returncode:
        return "mesin ini tidak mengizinkan ruang jaringan (ip netns add)"
    subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    return ""


def _ip(*words: str, check: bool = True) -> str:
    done = subprocess.run(["ip", *words], check=check, capture_output=True, text=True)
    return done.stdout


def _inside(host: str) -> list[str]:
    return ["ip", "netns", "exec", _space(host)]


def _mark() -> str:
    return os.environ["DRILL_HOSTS"]


def _space(host: str) -> str:
    return f"zi{_mark()}-{host}"


def _line(host: str) -> str:
    """Return the name of the host's line, at the bridge's end."""
    return f"zi{_mark()}{host}"


# --- the network and the data host ----------------------------------------------------------------------


def raise_hosts(stack: Stack, undo: ExitStack) -> None:
    """Make the network and the data host, with the drill's database on it; what the portal is told of them."""
    mark = f"{os.getpid() % 10000:04d}"
    os.environ["DRILL_HOSTS"] = stack.environment["DRILL_HOSTS"] = mark
    bridge = f"zi{mark}br"
    _ip("link", "add", bridge, "type", "bridge")
    undo.callback(_ip, "link", "del", bridge, check=False)
    _ip("addr", "add", f"{FRONT}/24", "dev", bridge)
    _ip("link", "set", bridge, "up")
    for host, address in {"data": DATA, **WORKERS, **WEB}.items():
        _ip("netns", "add", _space(host))
        undo.callback(_ip, "netns", "del", _space(host), check=False)
        undo.callback(_ip, "link", "del", _line(host), check=False)
        _ip("link", "add", _line(host), "type", "veth", "peer", "name", "eth0", "netns", _space(host))
        _ip("link", "set", _line(host), "master", bridge, "up")
        for words in (f"addr add {address}/24 dev eth0", "link set lo up", "link set eth0 up"):
            _ip("-n", _space(host), *words.split())
    passwords = {name: secrets.token_hex(12) for name in ("OWNER_PASSWORD", "WEB_PASSWORD", "REDIS")}
    _start_postgres(stack, undo, passwords)
    _start_redis(stack, undo, passwords["REDIS"])
    files = stack.folder / "bersama"
    files.mkdir()
    stack.environment |= {
        "DATABASE_URL": f"postgres://portal_web:{passwords['WEB_PASSWORD']}@{DATA}:5432/portal",
        "REDIS_URL": f"redis://:{passwords['REDIS']}@{DATA}:6379/0",
        "STORAGE_URL": f"file://{files}",
    }
    stack.command = ["-m", "drills.hosts"]


def _start_postgres(stack: Stack, undo: ExitStack, passwords: dict[str, str]) -> None:
    """Start PostgreSQL as deploy/ sets it up, and fill it with what the drill's own database holds."""
    programs = servers.postgres_bin()
    assert programs is not None  # the drills' other server runs
    place = stack.folder / "pg"
    place.mkdir()
    shutil.chown(place, "postgres", "postgres")
    stack.folder.chmod(0o755)
    ordinary = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    data = place / "data"
    setup = [programs / "initdb", "-D", data, "-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256"]
    subprocess.run([*ordinary, *setup, "-E", "UTF8", "--locale=C.UTF-8"], **quiet)
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host portal portal_web,portal_owner {NETWORK}.0/24 scram-sha-256\n")
    options = f"-p 5432 -c listen_addresses={DATA} -c unix_socket_directories={place} -c max_connections=200 {DURABLE}"
    control = [*_inside("data"), *ordinary, programs / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*control, "-l", place / "log", "-o", options, "start"], **quiet)
    undo.callback(subprocess.run, [*control, "-m", "immediate", "stop"], check=False, stdout=subprocess.DEVNULL)
    socket_url = f"postgres://{{}}@/{{}}?host={place}&port=5432"
    psql = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d"]
    roles = ROOT / "deploy/server/roles.sql"
    subprocess.run(
        [*psql, socket_url.format("postgres", "postgres"), "-f", roles], env=os.environ | passwords, check=True
    )
    dump = ["pg_dump", "--no-owner", "--no-privileges", "-d", stack.environment["DATABASE_URL"]]
    with subprocess.Popen(dump, stdout=subprocess.PIPE) as kept:
        # The owner makes the tables, as portal-prepare does; portal_web gets what roles.sql gives by default.
        subprocess.run(
            [*psql, socket_url.format("portal_owner", "portal")], stdin=kept.stdout, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _start_redis(stack: Stack, undo: ExitStack, password: str) -> None:
    place = stack.folder / "redis"
    place.mkdir()
    written = (ROOT / "deploy/server/redis.conf").read_text().replace("ISI_KATA_SANDI", password)
    (place / "redis.conf").write_text(written)
    command = [*_inside("data"), "redis-server", str(place / "redis.conf"), "--bind", DATA, "--dir", str(place)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    undo.callback(process.wait)
    undo.callback(process.kill)
    wait_until(lambda: _answers(DATA, 6379), 10, "Redis")


def _answers(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


# --- what runs on the hosts -------------------------------------------------------------------------------


def run_host(host: str) -> None:
    """Supervise what a host runs, as systemd does there, until told to stop."""
    from wbbm.jobs.supervise import Child, supervise

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    python = sys.executable
    if host in WEB:
        options = "--worker-class gthread --workers 2 --threads 4 --no-control-socket --log-level warning"
        children = [Child(host, [python, "-m", "gunicorn", *options.split(), "--bind", f"{WEB[host]}:{PORT}",
                                 "--config", "wbbm/gunicorn_config.py", "wbbm.wsgi"])]  # fmt: skip
    else:
        options = "--pool solo --loglevel warning --without-gossip --without-mingle --without-heartbeat"
        celery = [python, "-m", "celery", "-A", "wbbm", "worker", *options.split()]
        children = [
            Child(f"{host} {queue}", [*celery, "--queues", queue, "--hostname", f"{queue}@{host}"], is_quiet=True)
            for queue in ("cepat", "berat")
        ]
        children.append(Child(f"{host} pengawas", [python, "manage.py", "sweep"]))
    supervise(children, stop)


def run_all() -> None:
    """Start every host, and the proxy in front of the web; a host that dies stays dead."""
    from wbbm.jobs.supervise import _die_with_parent

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    hosts = []
    for host in (*WORKERS, *WEB):
        # Each has a disk of its own; only the evidence is shared.
        data = Path(os.environ["DRILL_FOLDER"]) / host
        data.mkdir(exist_ok=True)
        if not (data / "static").exists():
            (data / "static").symlink_to(Path(os.environ["DATA_DIR"]) / "static")
        command = [*_inside(host), sys.executable, "-m", "drills.hosts", host]
        environment = os.environ | {"DATA_DIR": str(data)}
        hosts.append(subprocess.Popen(command, env=environment, preexec_fn=_die_with_parent))
    threading.Thread(target=_proxy, args=[int(os.environ["PORT"])], daemon=True).start()
    stop.wait()
    for process in hosts:
        process.terminate()


def _proxy(port: int) -> None:
    """Hand each connection to the next web host that takes it, as nginx does in front of several."""
    turns = itertools.cycle(range(len(WEB)))
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_pass_on, args=[client, next(turns)], daemon=True).start()


def _pass_on(client: socket.socket, turn: int) -> None:
    hosts = list(WEB.values())
    for address in hosts[turn:] + hosts[:turn]:
        try:
            server = socket.create_connection((address, PORT), timeout=3)
        except OSError:
            continue
        server.settimeout(None)
        back = threading.Thread(target=_pump, args=[server, client], daemon=True)
        back.start()
        _pump(client, server)
        back.join()
        break
    client.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            end.close()


# --- the faults -------------------------------------------------------------------------------------------


def _pids(stack: Stack, host: str, word: str = "") -> list[int]:
    """Return the processes of the stack on a host, those with a word in their command line."""
    ours = descendants(stack.process.pid) if stack.process else {}
    there = {int(pid) for pid in _ip("netns", "pids", _space(host)).split()}
    return [pid for pid, line in ours.items() if pid in there and word in line]


def lose_hosts(run: Run) -> None:
    """A worker host dies in the middle of a roll-up, without a word; then the data host's line is cut for 8 s."""
    _freeze_in_the_middle(run)
    died = time.monotonic()
    # First the line: a host without power says goodbye to nobody.
    _ip("link", "del", _line("w1"))
    run.stack.kill(*_pids(run.stack, "w1"))
    run.rounds += 1
    run.warm(4)
    _ip("link", "set", _line("data"), "down")
    time.sleep(CUT_SECONDS)
    _ip("link", "set", _line("data"), "up")
    since = time.monotonic()
    run.rounds += 1
    wait_until(lambda: run.ledger.successes(since) > run.load.editors, BACK_WITHIN, "saves go on after the cut")
    time.sleep(max(0.0, died + GIVEN_UP - time.monotonic()))
    run.warm(3)
    run.stack.wait_healthy()


def _freeze_in_the_middle(run: Run) -> None:
    """Stop the fast worker of the first host while it holds a roll-up."""
    from wbbm.jobs.models import Job

    [worker] = _pids(run.stack, "w1", "--queues cepat")

    def held() -> set[object]:
        return set(Job.objects.filter(token__isnull=False, queue="cepat").values_list("token", flat=True))

    def is_caught() -> bool:
        run.stack.signal(signal.SIGSTOP, worker)
        before = held()
        # The other host's worker brings its own to an end meanwhile.
        time.sleep(0.6)
        if before & held():
            return True
        run.stack.signal(signal.SIGCONT, worker)
        return False

    wait_until(is_caught, BACK_WITHIN, "the first worker host holds a roll-up")


DRILLS = [
    Drill(
        "several-hosts", lose_hosts, "Satu mesin pekerja mati, jalur ke mesin data putus 8 detik", needs="root",
        prepare=raise_hosts, limit_seconds=30, why_not=why_not,
    ),
]  # fmt: skip

if __name__ == "__main__":
    run_host(sys.argv[1]) if len(sys.argv) > 1 else run_all()
