#!/usr/bin/env python3
"""Checks what no compiler checks: that the house stands as it was laid out.

    tools/check_repository.py [--root DIR] [--compile-commands FILE]

Prints one line for each finding, 'path:line: what is wrong', and ends with exit code 1 where there is one.
With --compile-commands every .cc must be compiled and every header reached from one that is; without it
every header must at least be included somewhere. Each rule has an example that breaks it in
tests/repository/check_repository_test.py. Python 3.11, standard library only; runs anywhere in a second.
"""
import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys

# The top level is fixed; files and folders that begin with a dot are free.
ROOMS = ("server", "engine", "client", "schemas", "bench", "tests", "tools")
TOP_LEVEL = ROOMS + ("CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md")

# Includes point down: room -> patterns of what it may include beside itself.
MAY_INCLUDE = {
    "schemas": (),
    "engine": (),
    "server": ("schemas/*", "engine/*"),
    "client": ("schemas/*",),
    # A client's answers are messages, so their types come along; the frame and the limits do not.
    "tools": ("client/*", "schemas/*_generated.h"),
    "bench": ("*",),
    "tests": ("*",),
}
# Libraries that belong to some rooms only; bench and tests may use them all.
LIBRARIES = {
    "flatbuffers/": ("schemas", "server", "client"),
    "boost/asio": ("server", "client"),
    "boost/beast": ("server", "client"),
    "boost/json": ("server", "tools"),
    "tbb/": ("engine",),
    "oneapi/tbb": ("engine",),
    "nlopt": ("engine",),
}
# The one door through which the engine's work reaches other threads.
ENGINE_FILES_WITH_TBB = 1

FORBIDDEN_NAMES = {"common", "util", "utils", "misc", "helper", "helpers"}
LINES_MAX = 500
LINES_WISHED = 400
SOURCES = (".cc", ".h", ".fbs", ".py", ".sh")

# Put together from pieces, so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "not " + "implemented")) + r")\b")
MACHINE_PATH = re.compile(r"/(" + "|".join(("work", "farm", "root", "tmp/bash" + "_jobs")) + r")[./]")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
CODE_SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


class Tree:
    """The files of a repository: those that git knows or would take, or, outside of git, all of them."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(path for path in self._list() if os.path.isfile(os.path.join(root, path)))
        self.known = set(self.paths)
        self._lines = {}

    def _list(self):
        if os.path.exists(os.path.join(self.root, ".git")):
            words = ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]
        found = []
        for folder, _, names in os.walk(self.root):
            found += [os.path.relpath(os.path.join(folder, name), self.root) for name in names]
        return found

    def lines(self, path):
        """The file's lines; none for a file that is no text."""
        if path not in self._lines:
            with open(os.path.join(self.root, path), "rb") as file:
                content = file.read()
            text = "" if b"\0" in content else content.decode("utf-8", errors="replace")
            self._lines[path] = text.splitlines()
        return self._lines[path]

    def cpp(self):
        return [path for path in self.paths if path.endswith((".cc", ".h"))]

    def includes(self, path):
        """(line number, is in quotes, included path) of every include."""
        for number, line in enumerate(self.lines(path), 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match[1] == '"', match[2]


def room_of(path):
    return path.split("/", 1)[0]


def check_top_level(tree):
    for name in sorted({room_of(path) for path in tree.paths}):
        if not name.startswith(".") and name not in TOP_LEVEL:
            yield f"{name}: the top level is fixed ({', '.join(TOP_LEVEL)}); find its room"
    for room in ROOMS:
        if any(path.startswith(room + "/") for path in tree.paths) and f"{room}/README.md" not in tree.known:
            yield f"{room}: has no README.md that says what lives here"


def check_names(tree):
    for path in tree.paths:
        for part in path.split("/"):
            words = set(re.split(r"[._-]", part.lower()))
            if words & FORBIDDEN_NAMES:
                yield f"{path}: '{part}' says nothing about what is inside; name it by its purpose"
                break


def check_includes(tree):
    for path in tree.cpp():
        room = room_of(path)
        for number, in_quotes, target in tree.includes(path):
            if in_quotes and "/" not in target:
                yield f"{path}:{number}: include \"{target}\" from the root: \"{room}/...\""
            elif in_quotes or room_of(target) in ROOMS:
                allowed = (f"{room}/*",) + MAY_INCLUDE.get(room, ("*",))
                if not any(fnmatch.fnmatch(target, pattern) for pattern in allowed):
                    yield f"{path}:{number}: {room} may not include {target}; includes point down only"
            for library, rooms in LIBRARIES.items():
                if target.startswith(library) and room not in rooms + ("bench", "tests"):
                    yield f"{path}:{number}: {target} belongs to {' and '.join(rooms)}, not to {room}"


def check_one_door_to_threads(tree):
    users = [path for path in tree.cpp() if room_of(path) == "engine"
             and any(target.startswith(("tbb/", "oneapi/tbb")) for _, _, target in tree.includes(path))]
    if len(users) > ENGINE_FILES_WITH_TBB:
        for path in users:
            yield f"{path}: oneTBB is used in one file of the engine only, but here are {', '.join(users)}"


def compiled_sources(tree, compile_commands):
    root = os.path.realpath(tree.root)
    with open(compile_commands, encoding="utf-8") as file:
        entries = json.load(file)
    compiled = set()
    for entry in entries:
        path = os.path.join(entry["directory"], entry["file"])
        paths = [path]
        if os.path.basename(path).startswith("unity_"):  # made by CMake: a list of files by their whole paths
            with open(path, encoding="utf-8") as file:
                paths = re.findall(r'^#include "(.+)"$', file.read(), re.MULTILINE)
        compiled |= {os.path.relpath(os.path.realpath(path), root) for path in paths}
    return compiled


def check_dead_files(tree, compile_commands=None):
    sources = {path for path in tree.cpp() if path.endswith(".cc")}
    alive = sources
    if compile_commands:
        alive = sources & compiled_sources(tree, compile_commands)
        for path in sorted(sources - alive):
            yield f"{path}: is not compiled into anything"
    reached, waiting = set(), sorted(alive)
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += [target for _, in_quotes, target in tree.includes(path) if in_quotes and target in tree.known]
    for path in tree.cpp():
        if path.endswith(".h") and path not in reached:
            yield f"{path}: is included by nothing that is compiled"


def check_guards(tree):
    for path in tree.cpp():
        if not path.endswith(".h"):
            continue
        guard = "KUNDIG_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
        directives = [line.strip() for line in tree.lines(path) if line.lstrip().startswith("#")]
        if directives[:2] != [f"#ifndef {guard}", f"#define {guard}"] or directives[-1] != f"#endif  // {guard}":
            yield f"{path}: the include guard must be {guard}, closed with '#endif  // {guard}'"


def is_source(path):
    script = room_of(path) in ("tools", ".ci") and "." not in os.path.basename(path)
    return script or path.endswith(SOURCES) or os.path.basename(path) == "CMakeLists.txt"


def check_length(tree):
    for path in tree.paths:
        if is_source(path) and len(tree.lines(path)) > LINES_MAX:
            yield f"{path}: has {len(tree.lines(path))} lines; above {LINES_MAX} it is usually two rooms"


def long_files(tree):
    """Not yet wrong, but on the way there."""
    return [path for path in tree.paths if is_source(path) and LINES_WISHED < len(tree.lines(path)) <= LINES_MAX]


def check_text(tree):
    for path in tree.paths:
        for number, line in enumerate(tree.lines(path), 1):
            left = LEFT_OVER.search(line)
            if left:
                yield f"{path}:{number}: '{left[0]}' was left over; finish it or file an issue"
            machine = MACHINE_PATH.search(line)
            if machine:
                yield f"{path}:{number}: '{machine[0]}' is a path of one machine"


def claimed_paths(lines):
    """(line number, path) of everything in a README that names a file of the repository: links, and words of
    code that begin with a room or end like a source file."""
    fenced = False
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        for link in [] if fenced else LINK.findall(line):
            if "://" not in link and not link.startswith("#"):
                yield number, link.split("#")[0]
        for code in [line] if fenced else CODE_SPAN.findall(line):
            for word in re.split(r"[\s\"',;()=]+", code):
                word = re.sub(r":\d+$", "", word.rstrip(".:"))
                word = word[2:] if word.startswith("./") else word
                if re.search(r"[<>{}$]|://", word) or word.startswith(("/", "../", "build/")):
                    continue
                if word.startswith(tuple(room + "/" for room in ROOMS)) or re.fullmatch(r"[\w./*-]*\w\.(cc|h|fbs|py)", word):
                    yield number, word


def check_readmes(tree):
    for path in tree.paths:
        if os.path.basename(path) != "README.md":
            continue
        folder = os.path.dirname(path)
        for number, claimed in claimed_paths(tree.lines(path)):
            if claimed.endswith("_generated.h"):
                claimed = claimed.replace("_generated.h", ".fbs")
            places = {os.path.normpath(claimed), os.path.normpath(os.path.join(folder, claimed))}
            if not any(place == known or known.startswith(place + "/") or fnmatch.fnmatch(known, place)
                       for place in places for known in tree.known):
                yield f"{path}:{number}: names {claimed}, which does not exist"


RULES = (check_top_level, check_names, check_includes, check_one_door_to_threads, check_guards, check_length,
         check_text, check_readmes)


def findings(root, compile_commands=None):
    tree = Tree(root)
    found = [finding for rule in RULES for finding in rule(tree)]
    return found + list(check_dead_files(tree, compile_commands))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    parser.add_argument("--compile-commands", metavar="FILE", help="compile_commands.json of a build with tests and benchmarks")
    options = parser.parse_args()
    found = findings(options.root, options.compile_commands)
    for finding in found:
        print(finding)
    for path in long_files(Tree(options.root)):
        print(f"note: {path} is over {LINES_WISHED} lines")
    print(f"repository check: {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
