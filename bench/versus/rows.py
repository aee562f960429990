"""What is measured, row by row: each in pairs (peer, kundig, kundig, peer, ...), told as the median of both
and the median of the ratios of the pairs.

`better` says how figures compare: "more" for rates, "less" for times. A ratio above 1 always means that
kundig is ahead by so much.
"""
import calendar
import os
import shutil
import statistics
import threading
import time

import shop
from peers import PLACE, Echo, Kundig, Trouble

SECONDS = 2          # of each measurement of a rate
DUCKDB_RUNS = 3      # of a question, in each pair
KUNDIG_RUNS = 15
FULL_SCAN = next(question for question in shop.QUESTIONS if question.name == "count, four predicates")
TOP_LIST = next(question for question in shop.QUESTIONS if question.name == "top 1,000 passive")
BYTES_A_CUSTOMER, BYTES_AN_ORDER = 200, 40  # the target for memory


class Row:
    def __init__(self, name, target, peer, unit, pairs, better="more", note=""):
        self.name, self.target, self.peer, self.unit, self.note = name, target, peer, unit, note
        self.peer_value = statistics.median(theirs for theirs, _ in pairs)
        self.value = statistics.median(ours for _, ours in pairs)
        self.ratio = statistics.median(ours / theirs if better == "more" else theirs / ours for theirs, ours in pairs)
        self.met = self.ratio >= target if target is not None else None
        self.pairs = pairs

    def as_json(self):
        return dict(vars(self))


def paired(count, theirs, ours):
    """`count` pairs of figures, each side first in turns."""
    pairs = []
    for number in range(count):
        if number % 2 == 0:
            their_figure = theirs()
            pairs.append((their_figure, ours()))
        else:
            our_figure = ours()
            pairs.append((theirs(), our_figure))
    return pairs


class Bench:
    """What all rows need: the servers, the size, and where rows go."""

    def __init__(self, options, kundig, redis, duck):
        self.options, self.kundig, self.redis, self.duck = options, kundig, redis, duck
        self.customers, self.pairs = options.customers, options.pairs
        self.rows = []

    def add(self, *words, **more):
        row = Row(*words, **more)
        self.rows.append(row)
        print(f"  {row.name}: {row.peer} {row.peer_value:,.4g}, kundig {row.value:,.4g} {row.unit}, {row.ratio:.2f} x", flush=True)

    def redis_rate(self, *words):
        """A function that measures requests a second for about SECONDS."""
        requests = max(1000, int(self.redis.benchmark(20_000, *words) * SECONDS))
        return lambda: self.redis.benchmark(requests, *words)

    def lean(self, server, *words):
        load = server.lean_load(*words, "--customers", str(self.customers), "--seconds", str(SECONDS))
        self.client_us = load["client_cpu_us_per_request"]
        self.bytes = load["question_bytes"], load["answer_bytes"]
        return load

    def lookups(self):
        keyspace = ["-t", "get", "-d", str(shop.VALUE_BYTES), "-r", str(self.customers)]
        records = "profiles" if self.options.profiles else "records"
        for depth, target in ((1, 1.4), (64, 4)):
            words = ["--connections", "16", "--depth", str(depth)]
            theirs = self.redis_rate(*keyspace, "-c", "16", "-P", str(depth))
            ours = lambda: self.lean(self.kundig, records, *words)["requests_per_second"]
            pairs = paired(self.pairs, theirs, ours)
            self.add(f"lookup, 16 connections x {depth}", target, "Redis GET", "lookups/s", pairs,
                     note=f"client: {self.client_us:.2f} us of processor time a lookup; {self.bytes[0]} B asked, {self.bytes[1]} B answered")
            echo = Echo(self.options.programs, 1)
            try:
                pairs = paired(self.pairs, lambda: self.lean(echo, *words)["requests_per_second"], ours)
            finally:
                echo.stop()
            self.add(f"lookup, 16 connections x {depth}", 0.9 if depth == 1 else None, "bare echo", "lookups/s", pairs,
                     note="the same client against a server that does nothing")

    def batches(self):
        keys = ["__rand_int__"] * 100
        theirs = self.redis_rate("-c", "4", "-r", str(self.customers), "MGET", *(f"key:{key}" for key in keys))
        records = "profiles" if self.options.profiles else "records"
        ours = lambda: self.lean(self.kundig, records, "--connections", "4", "--batch", "100")["items_per_second"]
        self.add("lookup in batches of 100, 4 connections", 6, "Redis MGET", "customers/s",
                 paired(self.pairs, lambda: theirs() * 100, ours), note=f"client: {self.client_us / 100:.3f} us a customer")

    def hincrby_ways(self):
        """Orders per second of Redis by each way of sending two HINCRBY for every order."""
        orders = 600_000
        path = os.path.join(PLACE, f"hincrby-{self.customers}.txt")
        stride = 7_919  # spreads the orders over the customers
        with open(path, "wb") as file:
            for number in range(orders):
                key = shop.redis_key(number * stride % self.customers).replace(b"key:", b"sum:")
                file.write(shop.redis_command(b"HINCRBY", key, b"orders", b"1"))
                file.write(shop.redis_command(b"HINCRBY", key, b"revenue", b"%d" % (100 + number % 50_000)))
        ways = {"redis-cli --pipe": lambda: orders / self.redis.pipe(path)}
        for connections, depth in ((4, 64), (4, 1000), (16, 64)):
            words = ["-c", str(connections), "-P", str(depth), "-r", str(self.customers), "HINCRBY", "sum:__rand_int__", "revenue", "1250"]
            rate = self.redis_rate(*words)
            ways[f"redis-benchmark -c {connections} -P {depth}"] = lambda rate=rate: rate() / 2
        return ways

    def ingest(self):
        ways = self.hincrby_ways()
        for way in ways.values():
            way()  # makes the hashes
        measured = {name: way() for name, way in ways.items()}
        best = max(measured, key=measured.get)
        tried = ", ".join(f"{name} {rate:,.0f}" for name, rate in measured.items())
        what = "events" if self.options.profiles else "orders"

        def ours():
            return self.lean(self.kundig, what, "--connections", "2", "--depth", "4", "--batch", "1000", *self.new_orders())["items_per_second"]

        pairs = paired(self.pairs, ways[best], ours)
        note = f"Redis by {best}, the fastest of: {tried}; client: {self.client_us / 1000:.3f} us an order"
        self.add("ingest in batches of 1,000", 3, "Redis HINCRBY x 2", "orders/s", pairs, note=note)
        self.add("ingest in batches of 1,000", 1, "target", "orders/s", [(1e6, value) for _, value in pairs])

    def durable(self, folder):
        """The same orders into a book that has each on the disk before it answers, beside the one in memory."""
        data = os.path.join(PLACE, "durable-data")
        shutil.rmtree(data, ignore_errors=True)
        kept = Kundig(self.options.programs, data)
        try:
            shop.import_into(kept, folder, ["customers", "orders"])

            def rate(server, depth):
                return self.lean(server, "orders", "--connections", "2" if depth > 1 else "1", "--depth", str(depth),
                                 "--batch", "1000", *self.new_orders())["items_per_second"]

            for depth, what in ((4, ""), (1, ", one in flight")):
                pairs = paired(self.pairs, lambda depth=depth: rate(self.kundig, depth), lambda depth=depth: rate(kept, depth))
                self.add(f"durable ingest in batches of 1,000{what}", 0.5 if depth > 1 else None, "in memory", "orders/s", pairs)
        finally:
            kept.stop()
            shutil.rmtree(data, ignore_errors=True)

    @staticmethod
    def new_orders():
        """Ids that no order has yet, at noon of the day that the book began with."""
        noon = calendar.timegm(time.strptime(shop.TODAY, "%Y-%m-%d")) + 12 * 3600
        return ["--tag", f"{time.time_ns():x}-", "--at-ms", str(noon * 1000)]

    def scan_ms(self, kundig, question, runs=KUNDIG_RUNS):
        answer = kundig.ask("bench", "scan", *question.scan, "--requests", str(runs), "--warm-up", "0")
        return next(iter(answer["questions"].values()))["latency_us"]["p50"] / 1000

    def scans(self):
        floor = statistics.median(self.duck.time_ms("SELECT 1", 50))
        for question in shop.QUESTIONS:
            best = min(question.sqls, key=lambda sql: min(self.duck.time_ms(sql, DUCKDB_RUNS)))
            theirs = lambda: statistics.median(self.duck.time_ms(best, DUCKDB_RUNS))
            pairs = paired(self.pairs, theirs, lambda: self.scan_ms(self.kundig, question))
            self.add(question.name, question.target, "DuckDB", "ms", pairs, better="less",
                     note=f"DuckDB in process, of which {floor:.2f} ms is the call; kundig over its socket")

    def work(self, work, name, target_ms):
        """Something that takes the whole book; its time, and what lookups felt."""
        seconds = max(3.0, self.customers / 2e6)
        runs = [self.kundig.stall_check(work, "--customers", str(self.customers), "--seconds", str(seconds))
                for _ in range(self.pairs)]
        longest = statistics.median(run["beside"]["longest_us"] for run in runs) / 1000
        late = statistics.median(run["beside"]["sent_late_longest_us"] for run in runs) / 1000
        idle = statistics.median(run["idle"]["longest_us"] for run in runs) / 1000
        before = "".join(f"after {run['changed']:,} orders sent in {run['sending_ms']:.0f} ms; " for run in runs[:1] if "changed" in run)
        self.add(name, 1, "target", "ms", [(target_ms, run["work_ms"]) for run in runs], better="less",
                 note=f"{before}longest lookup meanwhile {longest:.2f} ms (of which the generator was late {late:.2f} ms), idle {idle:.2f} ms")

    def rankings(self):
        self.work("rankings", "rankings fresh after 1 % of the customers changed", 10)

    def day(self):
        self.work("day", "day change", 100)

    def mixed(self):
        """Lookups by schedule, alone and beside orders and lists; all by `kundig bench`."""
        lookup = ["bench", "lookup", "--customers", str(self.customers), "--connections", "4", "--rate", "5000", "--seconds", "4"]
        ingest = ["bench", "ingest", "--batch", "1000", "--rate", "100", "--seconds", "6", "--erase"]
        lists = ["bench", "scan", *TOP_LIST.scan, "--rate", "5", "--seconds", "6"]
        pairs, rates = [], []
        for _ in range(min(self.pairs, 3)):
            idle = self.kundig.ask(*lookup)["latency_us"]["p99"]
            answers = {}
            beside = [threading.Thread(target=lambda name=name, words=words: answers.update({name: self.try_ask(words)}))
                      for name, words in (("ingest", ingest), ("lists", lists))]
            for thread in beside:
                thread.start()
            time.sleep(1)
            loaded = self.kundig.ask(*lookup)["latency_us"]["p99"]
            for thread in beside:
                thread.join()
            for answer in answers.values():
                if isinstance(answer, Trouble):
                    raise answer
            rates.append(answers["ingest"]["orders_per_second"])
            pairs.append((idle, loaded))
        self.add("lookup p99, 100 k orders/s and 5 lists/s beside it", 1 / 3, "idle", "us", pairs, better="less",
                 note=f"5,000 lookups/s by schedule; {statistics.median(rates):,.0f} orders/s came in; a ratio of 0.33 is 3 x idle")

    def try_ask(self, words):
        try:
            return self.kundig.ask(*words)
        except Trouble as trouble:
            return trouble

    def growth(self):
        """The same three loads at other sizes: kundig against itself at the smallest."""
        sizes = [100_000, 1_000_000] + ([10_000_000, 20_000_000] if self.options.customers >= 10_000_000 else [])
        figures = {size: self.size_figures(size) for size in sizes}
        least = sizes[0]
        for size in sizes[1:]:
            grown = f"{size:,} customers against {least:,}"
            now, then = figures[size], figures[least]
            self.add(f"growth: lookups 16 x 64, {grown}", None, "itself, smaller", "lookups/s", [(then["lookup"], now["lookup"])])
            self.add(f"growth: ingest, {grown}", None, "itself, smaller", "orders/s", [(then["ingest"], now["ingest"])])
            self.add(f"growth: a count by four predicates, per million customers, {grown}", None, "itself, smaller", "ms",
                     [(then["scan"] * 1e6 / least, now["scan"] * 1e6 / size)], better="less")

    def size_figures(self, size):
        folder = shop.generate(self.options.programs, size)
        kundig = Kundig(self.options.programs)
        try:
            shop.import_into(kundig, folder, ("customers", "orders"))
            kundig.ask("rfm")  # so that the rankings stand
            what = ("profiles", "events") if self.options.profiles else ("records", "orders")
            load = ["--customers", str(size), "--seconds", str(SECONDS)]

            def median(measure):
                return statistics.median(measure() for _ in range(min(self.pairs, 3)))

            return {"lookup": median(lambda: kundig.lean_load(what[0], "--depth", "64", *load)["items_per_second"]),
                    "scan": median(lambda: self.scan_ms(kundig, FULL_SCAN)),
                    "ingest": median(lambda: kundig.lean_load(what[1], "--connections", "2", "--depth", "4", "--batch", "1000", *load,
                                                              *self.new_orders())["items_per_second"])}
        finally:
            kundig.stop()


def memory_row(bench, rss_empty, rss_customers, rss_all, orders):
    """Of the server alone, after customers and orders and before anything else came in."""
    customers = bench.customers
    budget = customers * BYTES_A_CUSTOMER + orders * BYTES_AN_ORDER
    note = (f"{(rss_customers - rss_empty) / customers:.0f} B a customer without orders, {(rss_all - rss_customers) / orders:.1f} B an order; "
            f"resident in all {rss_all / 1e6:,.0f} MB, empty {rss_empty / 1e6:.0f} MB")
    bench.add("memory, all in", 1, "target", "MB", [(budget / 1e6, rss_all / 1e6)], better="less", note=note)
