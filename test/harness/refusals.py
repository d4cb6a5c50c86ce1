"""What the program can say when it refuses: every FAIL of src, the refusals of the guard, and the words of pages, read from
the sources. A test names a refusal by some of its words (or by an id of src/web/words) and demands the whole of it, with
the status and the advice that stand beside it: another refusal, or one without its words, is another page.
SPDX-License-Identifier: Apache-2.0
"""
import ast
import collections
import functools
import html
import re

from harness import desk, tools

Refusal = collections.namedtuple("Refusal", "file line code status text next")
CALL = re.compile(r"\b(FAIL|refuse)\s*\(|\breturn (?=\"[a-z])")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
HOLE = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j)?[a-zA-Z]")


@functools.cache
def words():
    """id: text, in English; of a text with forms all of them."""
    found = {}
    for line in (tools.ROOT / "src/web/words/en.txt").read_text().splitlines():
        named = re.match(r"(\w+)(?: by \w+)? =\s*(.*)", line)
        if named:
            last = named[1]
            found[last] = [named[2]] if named[2] else []
        elif line.startswith("\t"):
            form = re.match(r"\t(?:zero|one|two|few|many|other): (.*)", line)
            found[last] = [*found[last], form[1]] if form else [*found[last][:-1], found[last][-1] + " " + line.strip()]
    return found


@functools.cache
def ways():
    """Of err.def: name: (HTTP status, hint for a command line)"""
    return {row[0]: (int(row[3]), row[4]) for row in desk.table("src/base/err.def", "X")}


def closing(text, at):
    """Where the bracket that opens at `at` closes; texts are passed over."""
    depth = 0
    for m in re.finditer(r'"(?:[^"\\]|\\.)*"|[()]', text[at:]):
        depth += {"(": 1, ")": -1}.get(m[0], 0)
        if depth == 0:
            return at + m.start()
    raise AssertionError("a bracket without end: " + text[at:at + 80])


def arguments(call):
    """Of a call, cut at the commas that stand in no bracket and no text."""
    out, depth = [""], 0
    for m in re.finditer(r'"(?:[^"\\]|\\.)*"|.', call, re.S):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(m[0], 0)
        if m[0] == "," and depth == 0:
            out.append("")
        else:
            out[-1] += m[0]
    return out


def texts(argument):
    """What one argument can be: texts side by side are one, those of a condition several."""
    whole = re.sub(r'"\s*PRI\w+\s*"?', 'd"', argument)
    return ["".join(TEXT.findall(run)).replace('\\"', '"') for run in re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+', whole)]


def formats(call, which):
    """The words of a call, its argument `which`; where that only passes a text of the pages on, that text."""
    cut = arguments(call)
    passed = [text for name in re.findall(r"\bword_(\w+)\(", call) for text in words().get(name, ())]
    return [text for text in texts(cut[which]) if text not in ("%s", "%.*s")] or passed


def of_file(path):
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), path.read_text(), flags=re.S)
    said_next, ended, guard = None, 0, path.name == "guard.c"
    for m in re.finditer(r"\berr_next\s*\(|" + CALL.pattern, text):
        returns, which = m[0].startswith("return"), 1 if m[0].startswith("err_next") else 2 if m[1] == "FAIL" else 3
        if not guard and (returns or m[1] == "refuse") or re.match(r"[^;{]*\)\s*\{", text[m.end():]) and m[1] == "refuse":
            continue
        call = "c, out, 400, " + TEXT.match(text, m.end())[0] if returns else text[m.end():closing(text, m.end() - 1)]
        if which == 1:
            said_next, ended = formats(call, 1), m.end() + len(call)
            continue
        near = guard or not re.search(r"[{}]|;\s*\S[^;]*;", text[ended:m.start()])
        code = re.search(r"\bERR_(\w+)", call)
        status = int(arguments(call)[2]) if guard and arguments(call)[2].strip().isdigit() else ways()[code[1]][0] if code else None
        for said in formats(call, which):
            yield Refusal(str(path.relative_to(tools.ROOT)), text.count("\n", 0, m.start()) + 1, code and code[1], status, said,
                          said_next[0] if said_next and near else None)
        said_next = None


@functools.cache
def every():
    return [one for path in sorted((tools.ROOT / "src").rglob("*.c")) for one in of_file(path)]


def pattern(text):
    """Of a format or of a text with {slots}, what a page shows of it."""
    pieces = re.split(HOLE.pattern + r"|\{[^}]*\}", text.replace("%%", "\0"))
    return r".*?".join(re.escape(" ".join(piece.replace("\0", "%").split(" "))) for piece in pieces)


def called(some, of="src/"):
    """The refusals that these words, an id or a part of the format, name: one text, wherever it stands."""
    if some in words():
        return [Refusal("src/web/words/en.txt", 0, None, None, text, None) for text in words()[some]]
    found = [one for one in every() if some in one.text and one.file.startswith(of)]
    found = [one for one in found if one.text == some] or found
    assert found, f"no refusal of {of} says '{some}'"
    assert len({one.text for one in found}) == 1, f"'{some}' are words of more than one refusal: {sorted({one.text for one in found})}"
    return found


class says(str):
    """The name of a refusal in a table of a test: it must be one. also: what its slots must say."""

    def __new__(cls, some, of="src/", also=""):
        made = str.__new__(cls, some)
        made.found, made.also = called(some, of), also
        return made

    def stands_in(self, text):
        """Where a program writes for a terminal."""
        return self.also in text and any(re.search(pattern(one.text), re.sub(r"\s+", " ", text)) for one in self.found)

    def is_said(self, answer):
        return answer.status >= 400 and any(re.search(pattern(one.text), plain(answer)) for one in self.found)


def plain(answer):
    """The main part of a page, or another answer, as one reads it."""
    main = re.search(r"<main\b.*</main>", answer.text, re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", main[0])) if main else answer.text)


def refused(answer, some, status=None):
    """The answer is this refusal: its words, its status (or this one) and what to do next."""
    some = some if isinstance(some, says) else says(some)
    read, found = plain(answer), some.found
    fits = [one for one in found if re.search(pattern(one.text), read) and some.also in read]
    assert fits, f"'{found[0].text}' {some.also} is not said, but ({answer.status}): {read[:2000]}"
    assert answer.status == (status or fits[0].status) and answer.status >= 400, (answer.status, [one.status for one in fits], read[:500])
    nexts = [one.next for one in fits if one.next]
    if "<html" in answer.text and any(one.code and not one.next for one in fits):
        nexts += [forms[0] for name, forms in words().items() if name.startswith("next_")]
    assert not nexts or any(re.search(pattern(said), read) for said in nexts), f"none of {nexts} is said, but: {read[:2000]}"
    assert not [hint for _, hint in ways().values() if hint and hint in read], f"who sits at a page is told of a command line: {read[:2000]}"


# ---- which of them a test names ----

def named_in_python(path):
    """What is given to refused() and says() in a test: (words, below which folder)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("refused", "says"):
            below = [k.value.value for k in node.keywords if k.arg == "of"]
            for one in node.args:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value, below[0] if below else "src/"


def named_in_c(path):
    """The same of a unit test."""
    text = path.read_text()
    for m in re.finditer(r"\brefused\s*\(", text):
        yield from texts(arguments(text[m.end():closing(text, m.end() - 1)])[2])
