"""One generated shop in all three systems, and what a question is in each.

The shop is written once for each size and kept in build/versus; so is DuckDB's file of it. DuckDB gets
what a user would have after a nightly job: a table with the finished measures of every customer, sensible
types, enumerations for what repeats, and it is copied into memory before anything is timed.
"""
import json
import os
import shutil
import subprocess

from peers import PLACE, Duck, Trouble, run

SEED = 1
UNTIL = "2025-12-30"
FROM = "2020-12-31"
TODAY = "2025-12-31"  # as tools/sample_shop.toml pins it
WINDOW_BEGAN = f"DATE '{TODAY}' - 365"  # not in it itself
VALUE_BYTES = 64
STAGES = {"Address": 0, "Interest": 25, "Concrete": 50, "Offer": 75, "Negotiation": 85}

RFM = """
WITH scored AS (SELECT last_order, orders, revenue FROM measures WHERE orders >= 1),
cuts AS (SELECT quantile_disc(last_order, [0.2, 0.4, 0.6, 0.8]) AS r, quantile_disc(orders, [0.2, 0.4, 0.6, 0.8]) AS f,
                quantile_disc(revenue, [0.2, 0.4, 0.6, 0.8]) AS m FROM scored)
SELECT 1 + (last_order > r[1])::INT + (last_order > r[2])::INT + (last_order > r[3])::INT + (last_order > r[4])::INT AS r,
       1 + (orders > f[1])::INT + (orders > f[2])::INT + (orders > f[3])::INT + (orders > f[4])::INT AS f,
       1 + (revenue > m[1])::INT + (revenue > m[2])::INT + (revenue > m[3])::INT + (revenue > m[4])::INT AS m,
       count(*), sum(orders), sum(revenue)
FROM scored, cuts GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""

# The sum strictly above a value is that up to it less that of its own.
ABC = """
WITH graded AS (SELECT revenue, sum(revenue) OVER (ORDER BY revenue DESC) AS upto,
                       sum(revenue) OVER () AS total, sum(revenue) OVER (PARTITION BY revenue) AS own
                FROM measures WHERE revenue > 0),
classed AS (SELECT CASE WHEN (upto - own) * 100 < 80 * total THEN 'A' WHEN (upto - own) * 100 < 95 * total THEN 'B'
                        ELSE 'C' END AS class, revenue FROM graded)
SELECT class, count(*), sum(revenue), min(revenue) FROM classed GROUP BY class
UNION ALL SELECT 'none', count(*), sum(revenue), min(revenue) FROM measures WHERE revenue <= 0 ORDER BY 1"""
# The same with equal values added up first: less for the window to do.
ABC_BY_VALUE = """
WITH values AS (SELECT revenue, count(*) AS customers, sum(revenue) AS own FROM measures WHERE revenue > 0 GROUP BY revenue),
graded AS (SELECT *, sum(own) OVER (ORDER BY revenue DESC) - own AS above, sum(own) OVER () AS total FROM values),
classed AS (SELECT CASE WHEN above * 100 < 80 * total THEN 'A' WHEN above * 100 < 95 * total THEN 'B' ELSE 'C' END AS class,
                   revenue, customers, own FROM graded)
SELECT class, sum(customers), sum(own), min(revenue) FROM classed GROUP BY class
UNION ALL SELECT 'none', count(*), sum(revenue), min(revenue) FROM measures WHERE revenue <= 0 ORDER BY 1"""

COUNT = "SELECT count(*), sum(orders), sum(revenue), sum(revenue_total) FROM measures WHERE "
ONE = "revenue > 50000"
FOUR = "country = 'Germany' and kind = 'consumer' and revenue > 10000 and last_order > {day}"
FOUR_DAY = "2025-07-04"
TOP = f"""SELECT customer, revenue_total FROM measures WHERE last_activity <= DATE '{TODAY}' - 365
          ORDER BY revenue_total DESC, customer LIMIT 1000"""
PASSIVE = "activity in ('inactive', 'lost')"
# Of the open ones; rounded half away from zero once (no revenue is below zero).
PIPELINE = """SELECT {groups}, count(*), sum(revenue), (sum(revenue * chance) + 5000) // 10000, count(override)
              FROM leads WHERE status = 'open' GROUP BY ALL ORDER BY ALL"""
STAGE_GROUPS = "stage"
MONTH_GROUPS = "owner, date_trunc('month', expected_close) AS month"


class Question:
    """A question in both languages: SQL (several where it is not clear which is the fastest), the words of
    `kundig bench scan`, those of the plain `kundig` command, and how both answers become the same rows."""

    def __init__(self, name, target, sqls, scan, command, ours, theirs=lambda rows: rows):
        self.name, self.target, self.sqls = name, target, sqls
        self.scan, self.command, self.ours, self.theirs = scan, command, ours, theirs


def integers(rows, words=1):
    """Rows of DuckDB with everything behind the first `words` columns as integers."""
    return [row[:words] + [0 if value is None else int(value) for value in row[words:]] for row in rows]


def count_row(answer):
    return [[answer[name] for name in ("customers", "orders", "revenue", "revenue_total")]]


def pipeline_rows(answer, by):
    return sorted([*(group["by"][key] for key in by), group["leads"], group["revenue"], group["weighted"], group["overridden"]]
                  for group in answer["groups"])


def month_rows(rows):
    return sorted([row[0] or "none", (row[1] or "none")[:7], *map(int, row[2:])] for row in rows)


def abc_rows(rows):
    return [[row[0], int(row[1]), int(row[2]), None if row[0] == "none" else int(row[3])] for row in rows]


QUESTIONS = [
    Question("rfm", 100, [RFM], ["--question", "rfm"], ["rfm"],
             lambda a: [[c[k] for k in ("r", "f", "m", "customers", "orders", "revenue")] for c in a["cells"]],
             lambda rows: integers(rows, 0)),
    Question("abc", 100, [ABC, ABC_BY_VALUE], ["--question", "abc"], ["abc"],
             lambda a: [[c["class"], c["customers"], c["sum"], None if c["class"] == "none" else c["from"]] for c in a["classes"]],
             abc_rows),
    Question("count, one predicate", 2, [COUNT + ONE], ["--question", "count", "--where", ONE], ["count", "--where", ONE],
             count_row, lambda rows: integers(rows, 0)),
    Question("count, four predicates", 3, [COUNT + FOUR.format(day=f"DATE '{FOUR_DAY}'")],
             ["--question", "count", "--where", FOUR.format(day=FOUR_DAY)], ["count", "--where", FOUR.format(day=FOUR_DAY)],
             count_row, lambda rows: integers(rows, 0)),
    Question("top 1,000 passive", 3, [TOP],
             ["--question", "list", "--where", PASSIVE, "--order-by", "revenue_total", "--limit", "1000", "--fields",
              "customer,revenue_total"],
             ["list", "--where", PASSIVE, "--order-by", "revenue_total", "--limit", "1000", "--fields", "customer,revenue_total"],
             lambda a: [[row["customer"], row["revenue_total"]] for row in a["rows"]], integers),
    Question("pipeline by stage", 5, [PIPELINE.format(groups=STAGE_GROUPS)], ["--question", "pipeline", "--by", "stage"],
             ["pipeline", "--by", "stage"], lambda a: pipeline_rows(a, ["stage"]), lambda rows: sorted(integers(rows))),
    Question("pipeline by owner and month", 5, [PIPELINE.format(groups=MONTH_GROUPS)],
             ["--question", "pipeline", "--by", "owner,month"], ["pipeline", "--by", "owner,month"],
             lambda a: pipeline_rows(a, ["owner", "month"]), month_rows),
]


def generate(programs, customers):
    """The folder of the shop's files; whole or not there at all."""
    folder = os.path.join(PLACE, f"shop-{customers}")
    if not os.path.exists(folder):
        part = folder + ".part"
        shutil.rmtree(part, ignore_errors=True)
        run([os.path.join(programs, "kundig"), "generate", "--customers", str(customers), "--seed", str(SEED), "--from", FROM,
             "--until", UNTIL, "--out", part])
        os.rename(part, folder)
    return folder


def import_into(kundig, folder, kinds):
    for kind in kinds:
        answer = kundig.ask("import", kind, os.path.join(folder, kind + ".csv"))
        if answer["skipped"]:
            raise Trouble(f"kundig skipped rows of {kind}: {json.dumps(answer['skipped'])}")


def load_duckdb(folder, threads):
    """DuckDB with the shop in memory, copied from a file that is made once."""
    path = folder + ".duckdb"
    if not os.path.exists(path):
        part = path + ".part"
        if os.path.exists(part):
            os.remove(part)
        duck = Duck(part, threads)
        try:
            for sql in tables(folder):
                duck.run(sql)
            duck.run("CHECKPOINT")
        finally:
            duck.child.stdin.close()
            duck.child.wait()
        os.rename(part, path)
    duck = Duck(":memory:", threads)
    duck.run(f"ATTACH '{path}' AS kept (READ_ONLY)")
    for name in ("country_name", "region_name", "owner_name", "kind_name", "stage_name", "status_name"):
        values = ", ".join("'" + row[0].replace("'", "''") + "'" for row in
                           duck.rows(f"SELECT unnest(enum_range(NULL::kept.{name}))"))
        duck.run(f"CREATE TYPE {name} AS ENUM ({values})")
    for name, casts in (("measures", "kind::kind_name AS kind, country::country_name AS country, region::region_name AS region, "
                                     "owner::owner_name AS owner"),
                        ("leads", "stage::stage_name AS stage, status::status_name AS status, owner::owner_name AS owner, "
                                  "region::region_name AS region")):
        duck.run(f"CREATE TABLE {name} AS SELECT * REPLACE ({casts}) FROM kept.{name}")
    duck.run("DETACH kept")
    return duck


def tables(folder):
    def csv(name, columns):
        return f"read_csv('{folder}/{name}.csv', header = true, columns = {{{columns}}})"

    def texts(*names):
        return ", ".join(f"'{name}': 'VARCHAR'" for name in names)

    def cents(column):
        return f"CAST({column} * 100 AS BIGINT)"

    customers = csv("customers", texts("customer", "kind", "country", "region", "owner") + ", 'company_size': 'INTEGER', "
                    "'products': 'INTEGER', 'potential': 'DECIMAL(18,2)', 'key_account': 'BOOLEAN', 'satisfaction': 'UTINYINT', "
                    "'referral': 'UTINYINT', 'bonding': 'UTINYINT'")
    orders = csv("orders", "'customer': 'VARCHAR', 'order': 'VARCHAR', 'at': 'TIMESTAMP', 'revenue': 'DECIMAL(18,2)', "
                 "'margin': 'DECIMAL(18,2)', 'items': 'INTEGER'")
    visits = csv("visits", "'customer': 'VARCHAR', 'at': 'TIMESTAMP'")
    leads = csv("leads", texts("lead", "stage") + ", 'revenue': 'DECIMAL(18,2)', " + texts("customer", "owner", "region", "product",
                "source") + ", 'chance': 'DECIMAL(5,2)', 'opened': 'DATE', 'expected_close': 'DATE', 'closed': 'DATE', " + texts("reason"))
    chances = " ".join(f"WHEN '{stage}' THEN {100 * percent}" for stage, percent in STAGES.items())
    yield f"CREATE TABLE raw_customers AS FROM {customers}"
    yield f"CREATE TABLE raw_leads AS FROM {leads}"
    for column in ("country", "region", "kind"):
        yield f"CREATE TYPE {column}_name AS ENUM (SELECT DISTINCT {column} FROM raw_customers WHERE {column} IS NOT NULL ORDER BY 1)"
    yield ("CREATE TYPE owner_name AS ENUM (SELECT DISTINCT owner FROM (SELECT owner FROM raw_customers UNION SELECT owner "
           "FROM raw_leads) WHERE owner IS NOT NULL ORDER BY 1)")
    yield "CREATE TYPE stage_name AS ENUM ('" + "', '".join(STAGES) + "')"
    yield "CREATE TYPE status_name AS ENUM ('open', 'Won', 'Lost')"
    yield f"""
CREATE TABLE measures AS
WITH bought AS (
  SELECT customer, max("at"::DATE) FILTER (revenue >= 0) AS last_order, min("at"::DATE) FILTER (revenue >= 0) AS first_order,
         count(*) FILTER (revenue >= 0 AND "at"::DATE > {WINDOW_BEGAN}) AS orders,
         sum({cents("revenue")}) FILTER ("at"::DATE > {WINDOW_BEGAN}) AS revenue,
         count(*) FILTER (revenue >= 0) AS orders_total, sum({cents("revenue")}) AS revenue_total,
         sum({cents("margin")}) AS margin_total
  FROM {orders} GROUP BY customer),
visited AS (SELECT customer, max("at"::DATE) AS last_visit FROM {visits} GROUP BY customer)
SELECT customer, kind::kind_name AS kind, country::country_name AS country, region::region_name AS region,
       owner::owner_name AS owner, company_size, products, {cents("potential")} AS potential, key_account, satisfaction,
       referral, bonding, first_order, last_order, greatest(last_order, last_visit) AS last_activity,
       coalesce(orders, 0)::INTEGER AS orders, coalesce(revenue, 0)::BIGINT AS revenue,
       coalesce(orders_total, 0)::INTEGER AS orders_total, coalesce(revenue_total, 0)::BIGINT AS revenue_total,
       coalesce(margin_total, 0)::BIGINT AS margin_total
FROM raw_customers LEFT JOIN bought USING (customer) LEFT JOIN visited USING (customer) ORDER BY customer"""
    yield f"""
CREATE TABLE leads AS
SELECT lead, CASE WHEN stage IN ('Won', 'Lost') THEN stage ELSE 'open' END::status_name AS status,
       CASE WHEN stage NOT IN ('Won', 'Lost') THEN stage END::stage_name AS stage, {cents("revenue")} AS revenue,
       CAST(chance * 100 AS INTEGER) AS override,
       coalesce(CAST(chance * 100 AS INTEGER), CASE stage {chances} END)::INTEGER AS chance,
       customer, owner::owner_name AS owner, region::region_name AS region, product, source, opened, expected_close
FROM raw_leads"""
    yield "DROP TABLE raw_customers"
    yield "DROP TABLE raw_leads"


def check_agreement(kundig, duck):
    """Every question answered alike by both, whatever the SQL; the first difference ends the run."""
    for question in QUESTIONS:
        ours = question.ours(kundig.ask(*question.command))
        if not ours:
            raise Trouble(f"{question.name}: kundig's answer is empty")
        for sql in question.sqls:
            theirs = question.theirs(duck.rows(sql))
            if ours != theirs:
                at = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
                raise Trouble(f"{question.name}: {len(ours)} rows of kundig and {len(theirs)} of DuckDB differ at row {at}:\n"
                              f"  kundig {ours[at:at + 1]}\n  DuckDB {theirs[at:at + 1]}")


def redis_command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def redis_key(number):
    return b"key:%012d" % number  # as redis-benchmark names them


def fill_redis(redis, customers):
    """A value of VALUE_BYTES for every customer, so that no GET misses."""
    value = b"x" * VALUE_BYTES
    child = subprocess.Popen(redis.words("redis-cli", "--pipe"), env=redis.env, stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL)
    at_once = 20_000
    for first in range(0, customers, at_once):
        child.stdin.write(b"".join(redis_command(b"SET", redis_key(number), value)
                                   for number in range(first, min(first + at_once, customers))))
    child.stdin.close()
    if child.wait() != 0 or int(redis.cli("dbsize")) != customers:
        raise Trouble("Redis did not take every customer")
