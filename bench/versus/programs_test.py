"""The comparison's own parts on a tiny shop, without the peers: that the programs answer, count what
happened, and fail where they must.

    programs_test.py PROGRAMS     the folder of kundig, kundigd and the programs of this folder
"""
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import peers  # noqa: E402
import rows  # noqa: E402
import shop  # noqa: E402
from table import table  # noqa: E402

CUSTOMERS = 1000
BRIEF = ["--seconds", "0.1", "--warm-up", "0"]


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        peers.PLACE = shop.PLACE = cls.folder.name
        cls.kundig = peers.Kundig(PROGRAMS)
        cls.addClassCleanup(cls.folder.cleanup)
        cls.addClassCleanup(cls.kundig.stop)
        made = shop.generate(PROGRAMS, CUSTOMERS)
        shop.import_into(cls.kundig, made, ["customers", "orders", "visits", "leads"])

    def orders(self):
        return self.kundig.ask("status")["orders"]

    def test_lookups_are_answered_as_records_and_as_profiles(self):
        for what in ("records", "profiles"):
            load = self.kundig.lean_load(what, "--customers", str(CUSTOMERS), "--connections", "3", "--depth", "5", "--batch", "7", *BRIEF)
            self.assertGreater(load["items_per_second"], 0)
            self.assertAlmostEqual(load["items_per_second"], 7 * load["requests_per_second"], places=3)
            self.assertLessEqual(load["round_us"]["p50"], load["round_us"]["max"])

    def test_a_customer_that_is_not_there_ends_the_load(self):
        with self.assertRaisesRegex(peers.Trouble, "not in the book"):
            self.kundig.lean_load("records", "--customers", "99999999", "--batch", "100", *BRIEF)

    def test_orders_are_new_ones(self):
        for what in ("orders", "events"):
            before = self.orders()
            words = ["--customers", str(CUSTOMERS), "--connections", "2", "--batch", "50", *BRIEF, "--tag", what, "--at-ms", "1767168000000"]
            self.kundig.lean_load(what, *words)
            self.assertGreater(self.orders(), before)
            self.assertEqual((self.orders() - before) % 50, 0)
            with self.assertRaisesRegex(peers.Trouble, "not taken whole"):
                self.kundig.lean_load(what, *words)  # the same ids again

    def test_the_echo_answers_as_many_bytes_as_a_lookup(self):
        for batch in (1, 10):
            words = ["--customers", str(CUSTOMERS), "--batch", str(batch), *BRIEF]
            real = self.kundig.lean_load("records", *words)
            echo = peers.Echo(PROGRAMS, batch)
            try:
                bare = echo.lean_load(*words)
            finally:
                echo.stop()
            self.assertEqual(bare["question_bytes"], real["question_bytes"])
            self.assertEqual(bare["answer_bytes"], real["answer_bytes"])

    def test_what_takes_the_whole_book_is_timed(self):
        before = self.orders()
        words = ["--customers", str(CUSTOMERS), "--seconds", "1", "--rate", "200"]
        done = self.kundig.stall_check("rankings", *words)
        self.assertEqual(done["changed"], CUSTOMERS // 100)
        self.assertEqual(self.orders() - before, CUSTOMERS // 100)
        self.assertGreater(done["work_ms"], 0)
        today = self.kundig.ask("status")["today"]
        self.assertGreater(self.kundig.stall_check("day", *words)["work_ms"], 0)
        self.assertGreater(self.kundig.ask("status")["today"], today)

    def test_every_question_has_an_answer(self):
        for question in shop.QUESTIONS:
            answer = question.ours(self.kundig.ask(*question.command))
            self.assertGreater(len(answer), 0, question.name)
            asked = self.kundig.ask("bench", "scan", *question.scan, "--requests", "3", "--warm-up", "0")
            self.assertEqual(asked["errors"], 0)


class Tables(unittest.TestCase):
    def test_a_ratio_above_one_is_ahead_either_way(self):
        more = rows.Row("a rate", 2, "peer", "/s", [(10, 30), (10, 10), (10, 40)])
        self.assertEqual((more.ratio, more.met), (3, True))
        less = rows.Row("a time", 5, "peer", "ms", [(40, 10), (10, 10), (30, 10)], better="less")
        self.assertEqual((less.ratio, less.met), (3, False))

    def test_pairs_take_turns(self):
        calls = []
        pairs = rows.paired(3, lambda: calls.append("peer") or 1, lambda: calls.append("ours") or 2)
        self.assertEqual(pairs, [(1, 2)] * 3)
        self.assertEqual(calls, ["peer", "ours", "ours", "peer", "peer", "ours"])

    def test_the_table_says_what_was_not_met(self):
        report = {"customers": 5, "pairs": 1, "peers": {"Redis": "7"},
                  "machine": {"processor": "p", "processors": 2, "of": 4, "memory_gb": 8}}
        text = table(report, [rows.Row("good", 1, "peer", "/s", [(1, 2e6)]), rows.Row("bad", 3, "peer", "/s", [(1, 2)]),
                              rows.Row("told", None, "peer", "/s", [(1, 2)])])
        self.assertIn("| good | peer | 1 | 2.00 M | /s | 2000000.00 x | 1 x | yes |", text)
        self.assertIn("| 3 x | **no** |", text)
        self.assertIn("1 of 2 targets met", text)

    def test_redis_commands_are_whole(self):
        self.assertEqual(shop.redis_command(b"GET", b"k"), b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")


if __name__ == "__main__":
    PROGRAMS = sys.argv.pop(1)
    unittest.main()
