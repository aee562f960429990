"""The peers and our own server: installed into build/versus where they are missing, started, and stopped.

Redis comes from the system's packages and DuckDB from its npm package, both unpacked into a folder of
their own, so that nothing of the machine is changed. Persistence is off on every side.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
PLACE = os.path.join(ROOT, "build", "versus")

# What redis-server and redis-tools load beside what every Debian 12 has.
REDIS_PACKAGES = ("redis-server", "redis-tools", "libjemalloc2", "liblzf1", "libatomic1")
DUCKDB_PACKAGE = "@duckdb/node-api@1.5.6-r.1"


class Trouble(Exception):
    """Something that the reader must see to; the text says what."""


def run(words, **more):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(words)} ends with {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}")
    return done.stdout


def install_redis():
    place = os.path.join(PLACE, "redis")
    if os.path.exists(os.path.join(place, "usr", "bin", "redis-server")):
        return place
    if not shutil.which("apt-get"):
        raise Trouble("Redis is taken from Debian's packages; there is no apt-get here")
    os.makedirs(place, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:
        os.chmod(folder, 0o777)  # apt downloads as a user of its own
        try:
            run(["apt-get", "download", *REDIS_PACKAGES], cwd=folder)
        except Trouble:
            run(["apt-get", "update"])
            run(["apt-get", "download", *REDIS_PACKAGES], cwd=folder)
        for name in sorted(os.listdir(folder)):
            run(["dpkg-deb", "-x", os.path.join(folder, name), place])
    return place


def install_duckdb():
    place = os.path.join(PLACE, "duckdb")
    if not shutil.which("node") or not shutil.which("npm"):
        raise Trouble("DuckDB is taken from npm: install nodejs 18 or later and npm")
    if not os.path.exists(os.path.join(place, "node_modules", "@duckdb", "node-api")):
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, "package.json"), "w", encoding="utf-8") as file:
            file.write('{"private": true}\n')
        run(["npm", "install", "--no-audit", "--no-fund", DUCKDB_PACKAGE], cwd=place)
    return place


class Process:
    """A server of ours or of a peer, ended with the object."""

    def __init__(self, words, log, env=None, **pipes):
        with open(log, "w", encoding="utf-8") as file:
            self.child = subprocess.Popen(words, stderr=file, env=env, stdin=pipes.get("stdin", subprocess.DEVNULL),
                                          stdout=pipes.get("stdout", file), text=True)
        self.log = log

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def wait_until(self, ready, seconds=60):
        end = time.monotonic() + seconds
        while not ready():
            if self.child.poll() is not None or time.monotonic() > end:
                with open(self.log, encoding="utf-8") as file:
                    raise Trouble(f"{self.child.args[0]} does not start: {file.read()[-600:]}")
            time.sleep(0.02)

    def rss_bytes(self):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise Trouble("the kernel does not say how much memory a process has")


class Addressed(Process):
    """A server that writes HOST:PORT into a file once it listens."""

    def __init__(self, words, name):
        self.address_file = os.path.join(PLACE, name + ".address")
        if os.path.exists(self.address_file):
            os.remove(self.address_file)
        super().__init__(words + ["--address-file", self.address_file], os.path.join(PLACE, name + ".log"))
        self.wait_until(lambda: os.path.exists(self.address_file) and self.read())
        self.address = self.read()

    def read(self):
        with open(self.address_file, encoding="ascii") as file:
            return file.read().strip()


class Kundig(Addressed):
    def __init__(self, programs, data=None):
        self.programs = programs
        durable = ["--data", data] if data else []
        super().__init__([os.path.join(programs, "kundigd"), "--config", os.path.join(ROOT, "tools", "sample_shop.toml"),
                          "--listen", "127.0.0.1:0", *durable], "kundigd")

    def ask(self, *words):
        """What `kundig` answers in JSON."""
        return json.loads(run([os.path.join(self.programs, "kundig"), "--server", self.address, "--json", *words]))

    def lean_load(self, what, *words):
        return json.loads(run([os.path.join(self.programs, "lean_load"), what, "--server", self.address, *words]))

    def stall_check(self, work, *words):
        return json.loads(run([os.path.join(self.programs, "stall_check"), work, "--server", self.address, *words]))


class Echo(Addressed):
    def __init__(self, programs, batch):
        self.programs = programs
        super().__init__([os.path.join(programs, "echo_server"), "--batch", str(batch)], "echo_server")

    def lean_load(self, *words):
        return json.loads(run([os.path.join(self.programs, "lean_load"), "records", "--server", self.address, *words]))


class Redis(Process):
    def __init__(self):
        place = install_redis()
        self.programs = os.path.join(place, "usr", "bin")
        libraries = [os.path.join(place, "usr", "lib", f"{os.uname().machine}-linux-gnu"),
                     os.path.join(place, "lib", f"{os.uname().machine}-linux-gnu")]
        self.env = dict(os.environ, LD_LIBRARY_PATH=":".join(libraries))
        self.port = self._free_port()
        super().__init__([os.path.join(self.programs, "redis-server"), "--port", str(self.port), "--bind", "127.0.0.1",
                          "--save", "", "--appendonly", "no", "--dir", PLACE],
                         os.path.join(PLACE, "redis.log"), env=self.env)
        self.wait_until(lambda: subprocess.run(self.words("redis-cli", "ping"), env=self.env, capture_output=True,
                                               check=False).stdout.strip() == b"PONG")

    @staticmethod
    def _free_port():
        import socket
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def words(self, program, *words):
        return [os.path.join(self.programs, program), "-p", str(self.port), *map(str, words)]

    def cli(self, *words):
        return run(self.words("redis-cli", *words), env=self.env).strip()

    def version(self):
        return next(line.split(":")[1] for line in self.cli("info", "server").splitlines() if line.startswith("redis_version"))

    def pipe(self, path):
        """Feeds a file of commands by redis-cli --pipe; seconds that it took."""
        begin = time.monotonic()
        with open(path, "rb") as file:
            done = subprocess.run(self.words("redis-cli", "--pipe"), env=self.env, stdin=file, capture_output=True, check=False)
        if done.returncode != 0 or b"errors: 0" not in done.stdout:
            raise Trouble(f"redis-cli --pipe: {done.stdout.decode()[-300:]} {done.stderr.decode()[-300:]}")
        return time.monotonic() - begin

    def benchmark(self, requests, *words):
        """Requests per second by redis-benchmark."""
        out = run(self.words("redis-benchmark", "-n", requests, "--csv", *words), env=self.env)
        return float(out.strip().splitlines()[-1].split('","')[1])


class Duck(Process):
    """DuckDB, in a process of node that knows nothing else; see duck.mjs."""

    def __init__(self, path, threads):
        place = install_duckdb()
        super().__init__(["node", os.path.join(HERE, "duck.mjs")], os.path.join(PLACE, "duckdb.log"),
                         env=dict(os.environ, NODE_MODULES=os.path.join(place, "node_modules")),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.version = self._ask(op="open", path=path, threads=threads)["version"]

    def _ask(self, **request):
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise Trouble(f"DuckDB's process ended; see {self.log}")
        answer = json.loads(line)
        if "error" in answer:
            raise Trouble(f"DuckDB: {answer['error']}")
        return answer

    def run(self, sql):
        self._ask(op="run", sql=sql)

    def rows(self, sql):
        return self._ask(op="rows", sql=sql)["rows"]

    def time_ms(self, sql, runs):
        return self._ask(op="time", sql=sql, runs=runs)["ms"]
