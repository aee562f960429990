#!/usr/bin/env python3
"""Shows that the repository check can fail: every rule meets a tiny tree that breaks it, and it alone."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))
import check_repository  # noqa: E402


def header(path, body=""):
    guard = "KUNDIG_" + path.replace("/", "_").replace(".", "_").upper() + "_"
    return f"#ifndef {guard}\n#define {guard}\n{body}\n#endif  // {guard}\n"


# A small house in order. `None` in a change removes a file.
GOOD = {
    "README.md": "The engine is in `engine/book.cc`; start with `tools/run --stop`, then [the book](engine/book.h).\n",
    "CMakeLists.txt": "project(kundig)\n",
    "engine/README.md": "Read `book.h` first, then every `engine/*.cc`.\n",
    "engine/book.h": header("engine/book.h"),
    "engine/book.cc": '#include "engine/book.h"\n#include <vector>\n',
    "engine/shard_runner.cc": "#include <oneapi/tbb/parallel_for.h>\n",
    "schemas/README.md": "Generated: `schemas/events_generated.h`.\n",
    "schemas/events.fbs": "namespace kundig;\n",
    "schemas/frame.h": header("schemas/frame.h", "#include <flatbuffers/flatbuffers.h>"),
    "server/README.md": "The server.\n",
    "server/session.cc": '#include "engine/book.h"\n#include "schemas/frame.h"\n#include <boost/asio.hpp>\n',
    "client/README.md": "```cpp\n#include \"client/client.h\"\n```\n",
    "client/client.h": header("client/client.h", '#include "schemas/events_generated.h"'),
    "tools/README.md": "Scripts and `kundig`.\n",
    "tools/run": "#!/usr/bin/env bash\n",
    "tools/kundig.cc": '#include "client/client.h"\n#include "schemas/events_generated.h"\n',
    "tests/README.md": "Tests.\n",
    "tests/engine/book_test.cc": '#include "engine/book.h"\n#include "server/session.h"\n#include <boost/asio.hpp>\n',
}


class CheckRepositoryTest(unittest.TestCase):
    def findings(self, changes, compiled=None):
        with tempfile.TemporaryDirectory() as root:
            for path, text in (GOOD | changes).items():
                if text is None:
                    continue
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            commands = None
            if compiled is not None:
                with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
                    json.dump([{"directory": root, "file": os.path.join(root, path)} for path in compiled], file)
                commands = file.name
            try:
                return check_repository.findings(root, commands)
            finally:
                if commands:
                    os.remove(commands)

    def assert_only(self, changes, path, sentence, compiled=None):
        found = self.findings(changes, compiled)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(path), found[0])
        self.assertIn(sentence, found[0])

    def test_a_house_in_order_passes(self):
        self.assertEqual(self.findings({}), [])

    def test_the_top_level_is_fixed(self):
        self.assert_only({"scripts/x.txt": "x"}, "scripts", "top level is fixed")
        self.assertEqual(self.findings({".hidden/x.txt": "x"}), [])

    def test_each_room_has_a_readme(self):
        self.assert_only({"tests/README.md": None}, "tests", "no README.md")

    def test_names_that_say_nothing(self):
        for path in ("tests/engine/helpers.txt", "engine/util/x.txt", "tests/test_utils.txt"):
            with self.subTest(path):
                self.assert_only({path: "x"}, path, "says nothing")
        self.assertEqual(self.findings({"engine/utility.txt": "x"}), [])

    def test_includes_point_down(self):
        for path, target in (
                ("engine/book.cc", "schemas/frame.h"), ("engine/book.cc", "server/session.h"), ("engine/book.cc", "client/client.h"),
                ("schemas/frame.cc", "engine/book.h"), ("schemas/frame.cc", "server/session.h"),
                ("server/x.cc", "client/client.h"), ("server/x.cc", "tests/x.h"),
                ("client/x.cc", "engine/book.h"), ("client/x.cc", "server/session.h"),
                ("tools/x.cc", "engine/book.h"), ("tools/x.cc", "server/session.h"), ("tools/x.cc", "schemas/frame.h")):
            with self.subTest(f"{path} -> {target}"):
                self.assert_only({path: (GOOD.get(path) or "") + f'#include "{target}"\n'}, path, "includes point down only")

    def test_angle_brackets_do_not_hide_an_include(self):
        self.assert_only({"engine/x.cc": "#include <server/session.h>\n"}, "engine/x.cc:1", "includes point down only")

    def test_includes_start_at_the_root(self):
        self.assert_only({"engine/x.cc": '#include "book.h"\n'}, "engine/x.cc:1", "from the root")

    def test_libraries_stay_in_their_rooms(self):
        for path, target in (
                ("engine/x.cc", "flatbuffers/flatbuffers.h"), ("tools/x.cc", "flatbuffers/flatbuffers.h"),
                ("engine/x.cc", "boost/asio.hpp"), ("schemas/x.cc", "boost/asio/buffer.hpp"), ("tools/x.cc", "boost/asio.hpp"),
                ("engine/x.cc", "boost/json.hpp"), ("server/x.cc", "tbb/parallel_for.h")):
            with self.subTest(f"{path} -> {target}"):
                self.assert_only({path: f"#include <{target}>\n"}, path, "belongs to")

    def test_one_file_of_the_engine_uses_tbb(self):
        found = self.findings({"engine/x.cc": "#include <tbb/parallel_for.h>\n"})
        self.assertEqual([finding.split(":")[0] for finding in found], ["engine/shard_runner.cc", "engine/x.cc"])

    def test_a_header_that_nobody_includes(self):
        self.assert_only({"engine/x.h": header("engine/x.h")}, "engine/x.h", "included by nothing")

    def test_headers_that_only_include_each_other(self):
        found = self.findings({"engine/x.h": header("engine/x.h", '#include "engine/y.h"'), "engine/y.h": header("engine/y.h")})
        self.assertEqual(len(found), 2, found)

    def test_a_source_that_nobody_compiles_takes_its_headers_along(self):
        sources = [path for path in GOOD if path.endswith(".cc")]
        self.assertEqual(self.findings({}, compiled=sources), [])
        sources.remove("server/session.cc")
        found = self.findings({}, compiled=sources)
        self.assertEqual(found, ["server/session.cc: is not compiled into anything",
                                 "schemas/frame.h: is included by nothing that is compiled"])

    def test_include_guards_match_the_path(self):
        self.assert_only({"engine/book.h": header("engine/old_name.h")}, "engine/book.h", "KUNDIG_ENGINE_BOOK_H_")
        self.assert_only({"engine/book.h": "#pragma once\n"}, "engine/book.h", "include guard")
        self.assert_only({"engine/book.h": ""}, "engine/book.h", "include guard")

    def test_long_files(self):
        self.assert_only({"engine/book.cc": '#include "engine/book.h"\n' + "\n" * 500}, "engine/book.cc", "501 lines")
        self.assertEqual(self.findings({"engine/book.cc": '#include "engine/book.h"\n' + "\n" * 499}), [])
        self.assert_only({"tools/run": "\n" * 501}, "tools/run", "501 lines")

    def test_left_over_words(self):
        for word in ("TO" + "DO", "FIX" + "ME", "not " + "implemented"):
            with self.subTest(word):
                self.assert_only({"tests/README.md": f"one\nstill {word} here\n"}, "tests/README.md:2", "left over")

    def test_paths_of_one_machine(self):
        for path in ("/" + "work/main", "/" + "root/x", "/" + "tmp/bash" + "_jobs/1"):
            with self.subTest(path):
                self.assert_only({"tools/run": f"cd {path}\n"}, "tools/run:1", "path of one machine")

    def test_readmes_name_what_exists(self):
        for text, name in (
                ("`engine/gone.cc`", "engine/gone.cc"), ("run `tools/gone --fast` now", "tools/gone"), ("see `gone.h:12`", "gone.h"),
                ("[it](../engine/gone.h)", "../engine/gone.h"), ("```sh\n./tools/gone\n```", "tools/gone"),
                ("`schemas/gone_generated.h`", "schemas/gone.fbs"), ("`engine/*_gone.cc`", "engine/*_gone.cc")):
            with self.subTest(text):
                self.assert_only({"tests/README.md": text + "\n"}, "tests/README.md", f"names {name}, which does not exist")
        self.assertEqual(self.findings({"tests/README.md": "`engine/`, `tests/engine`, [it](../engine/book.h#top), `build/release/bin/kundig`, `<room>_test.cc`\n"}), [])

    def test_the_exit_code_says_it(self):
        with tempfile.TemporaryDirectory() as root:
            words = [sys.executable, os.path.join(ROOT, "tools", "check_repository.py"), "--root", root]
            self.assertEqual(subprocess.run(words, capture_output=True, check=False).returncode, 0)
            os.mkdir(os.path.join(root, "docs"))
            with open(os.path.join(root, "docs", "x.md"), "w", encoding="utf-8") as file:
                file.write("x")
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("1 findings", done.stdout)


if __name__ == "__main__":
    unittest.main()
