"""Specifications with odd values: each is a system that can be checked, or refused at the author's line.

A small model is changed a little: an operand, an option or an operator is exchanged, left out or added. Nothing but a
SpecificationError with a line of the model may come of it. Python itself answers only to calls with too few, too many
or unknown arguments (a target that is loaded gives Q44 with the author's line then). QUIESCE_DEEP=1 tries ten thousand.
"""

from __future__ import annotations

import copy
import enum
import math
import os
import re
import time
import traceback
import types
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import quiesce
from quiesce import library
from quiesce.core.domains import Copy
from quiesce.core.errors import SpecificationError
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.engines.options import Limits
from quiesce.language.places import is_engine

DEEP = os.environ.get("QUIESCE_DEEP") == "1"
EXAMPLES = 10_000 if DEEP else 1_500
CHECKED = 300 if DEEP else 10
"""How many different systems are checked: each is compiled, which takes most of the time."""
LONGEST = 10.0
"""Seconds that a model may take."""
FUZZING = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=not DEEP, database=None, suppress_health_check=list(HealthCheck)
)


def listed(text: str) -> list[str]:
    """Return what stands between bars and ends of lines."""
    return [word for line in text.strip().splitlines() for word in re.split(r"(?<! )\|", line.strip()) if word]


MODEL = r"""
def del_(term): del term[0]
def set_(term): term[0] = 1
m = Machine(«"m"», states=«["a", "b"]», initial=«"a"», copies=«None», observer=«False»)
o = Machine(«"o"», states=«["i", "j"]», initial=«["i"]», copies=«2»)
w = Machine(«"w"», observer=«True»)
x = m.count(«"x"», up_to=«2», initial=«0»)
y = m.integer(«"y"», «-1», «1», initial=«any_value»)
f = m.flag(«"f"», initial=«False»)
k = m.one_of(«"k"», «["red", "blue"]», optional=«False», initial=«"red"»)
n = o.one_of(«"n"», «o», optional=«True»)
z = w.count(«"z"», up_to=«1»)
q = argument(«"q"», «[0, 1]»)
t = «x» «+» «1»
u = «x» «<» «2»
v = where(«u», «x», «0»)
p = «u» «&» «f»
h = happens(«"go"», returns=«"ok"», by=«m», q=«1»)
i = «x».is_in(«[0, 1]»)
g = (minimum(«t», «2») >= maximum(«y», «0»))
a1 = all_of(«(o.state[c] == "i" for c in o)»)
a2 = any_of(«f», «u»)
n1 = count_of(«(n[c] == None for c in o)») + sum_of(«x», «1»)
e = enabled(«"go"»)
d = after(«x») == «x»
j = «f».implies(«u»)
l = «o.state»[«list(o)[0]» ] == «"i"»
b = (m.accepts(«"go"», returns=«"ok"»), m.fresh, m.unchanged)
m.on(«"go"», «q», source=«"a"», dest=«"b"», when=«u», then=«{x: minimum(x + q, 2)}»,
     returns=«"ok"», every=«False», fair=«None», clause=«None»)
m.step(«"back"», source=«["b"]», dest=«"a"», when=«True», then=«{f: ~f, k: "blue", y: 0}»,
       every=«False», fair=«"weak"»)
o.calls(«"go"», «q», source=«"i"», dest=«"="», when=«True», then=«{n: o.acting}»,
        gets=«["ok"]», fair=«"strong"», clause=«None»)
o.step(«"rest"», source=«"*"», dest=«"j"», every=«True»)
w.on(«"go"», gets=«"ok"», when=«z < 1», then=«{z: z + 1}»)
m.step(«"more"», source=«"a"», then=«{x: 0}»)
m.drop(«"m.more"», source=«"a"», returns=«None»)
s = System(«"s"», «m», «o», «w», rest=«x == 2», initially=«~f»)
s.always(«"p1"», «g», id=«"P1"», clause=«None»)
s.never(«"p2"», «h & (z == 1)», id=«None»)
s.sometimes(«"p3"», «u»)
s.always_possible(«"p4"», «x == 0»)
s.no_deadlock(«"p5"», stuttering=«False»)
s.bisimilar(«"p6"», «m.fresh»)
s.holds(«"p7"», G(«u».implies(F(«i»))), assuming=«[weak("m.back")]»)
s.eventually(«"p8"», «h»)
s.leads_to(«"p9"», «f», «u», assuming=«[]»)
s.precedes(«"p10"», «u», «e»)
s.at_most_once(«"p11"», «d»)
s.holds(«"p12"», A(U(«f», E(W(«u», X(«deadlock»))))) | AG(EF(R(«f», «p»))))
s.refines(«"other"», «{"a.b": x, "o.c": [f, f]}», parameters=«{"n": 1}», liveness=«["L1"]»)
r = System("r", Machine("r", states=["1"])).include(«s», «"S"», shared=«[]», asking=«False»)
c2 = (r.machine(«"m"»), r.term(«x»), r.trigger(«"go"»))
"""
ODD = listed(
    """
    None|0|-1|1|True|False|2**70|-2**41|2**40|1.5|float("nan")|""|" "|"a\\nb"|"a"|"go"|"m.x"|"*"|"="|"x" * 500|"\\ud800"
    "it's"|[]|{}|()|set()|{1, 2}|object()|(lambda: 0)|int|Machine|m|o|w|o.acting|x|y|f|k|n|z|q|u|x + 1|o.state
    n[list(o)[1]]|(c for c in o)|(x for _ in range(3))|iter([])|b'ab'|numpy.int64(1)|numpy.bool_(True)|numpy.float64(1)
    numpy.arange(3)|Color.RED|Color|Number.ONE|Text.A|list(range(100_000))|range(3)|range(0)|range(2**45)|range(0, 9, 2)
    [[1]]|["a", "a"]|[None]|[1, "a"]|[True]|[1, 1]|[x]|["a", ["b"]]|[{}]|{"a": 1}|{x: 1}|{x: None}|{x: {}}|{1: x}|1j
    ...|NotImplemented|any_value|unbounded|happens("go")|after(x)|F(f)|AG(f)|deadlock|weak("go")|[weak("go"), "go"]
    argument("q", [5, 6])|System("in")|Odd()|Evil()|Copy("o", 5)|list(o)[0]|list(o)|print|quiesce|type|[float("inf")]
    10**5|"state"|frozenset(["a"])|memoryview(b"a")|Path("a")|-0.0
    """
)
OPERATORS = listed("+|-|*|/|//|%|**|@|<<|>>|^|&|<|<=|>|>=|==|!=|in|is|and|or")
WRAPPED = listed(
    """
    divmod({}, 2)|divmod(2, {})|round({})|abs({})|+({})|-({})|~({})|int({})|float({})|complex({})|str({})|len({})
    hash({})|sorted([{}, {}])|max({}, 1)|min([{}])|sum([{}])|list({})|{}[0]|{}.x|not {}|[*{}]|{{{}: 1}}|{{{}}}
    f'{{{}:>3}}'|bool({})|range({})|math.floor({})|math.trunc({})|bytes({})|reversed({})|{}[x]|del_({})|set_({})
    pow({}, 2, 5)|1 >> {}|{} @ 1|1 @ {}|copy_({})|isinstance({}, {})|next({})|iter({})|any([{}])|all({})|zip({})
    '%d' % {}|'a' + {}|[1][{}]|{} | 1|math.sqrt({})
    """
)

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Color(enum.Enum):
    """Names as members."""

    RED = "red"
    BLUE = 2


class Number(enum.IntEnum):
    """Numbers as members."""

    ONE = 1


class Text(enum.StrEnum):
    """Texts as members."""

    A = "a"


class Odd:
    """What has a name, and is nothing."""

    name = "odd"


class Evil:
    """What answers to nothing, not even to the question what it is."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("not comparable")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise ValueError("not shown")


WORDS = {name: getattr(quiesce, name) for name in quiesce.__all__} | {
    "numpy": np,
    "math": math,
    "quiesce": quiesce,
    "copy_": copy.deepcopy,
    **{kind.__name__: kind for kind in (Color, Number, Text, Odd, Evil, Copy, Path)},
}
KEYWORDS = listed(
    "initial|states|copies|up_to|source|dest|when|then|returns|gets|fair|every|clause|id|assuming|by|oops"
)
PARTS = re.split(r"«(.*?)»", MODEL)
"""Text and holes, in turn."""


@st.composite
def models(draw: Draw) -> str:
    """Draw the text of a model: the one above but for some changes."""
    parts = list(PARTS)
    holes = range(1, len(parts), 2)
    for _ in range(draw(st.sampled_from([1, 1, 1, 1, 2, 2, 3]))):
        hole = draw(st.sampled_from(holes))
        was = parts[hole]
        if was in OPERATORS:
            parts[hole] = draw(st.sampled_from(OPERATORS))
            continue
        match draw(st.sampled_from(["odd"] * 12 + ["wrapped"] * 4 + ["left out", "added", "list", "generator"])):
            case "odd":
                parts[hole] = draw(st.sampled_from(ODD))
            case "wrapped":
                parts[hole] = draw(st.sampled_from(WRAPPED)).replace("{}", was).replace("{{", "{").replace("}}", "}")
            case "left out" if parts[hole - 1].endswith(("(", ", ")):
                parts[hole] = ""
                parts[hole + 1] = parts[hole + 1].removeprefix(", ")
            case "added" if parts[hole - 1].endswith(("(", ", ")):
                parts[hole] = f"{was}, {draw(st.sampled_from(ODD))}"
            case "added":
                parts[hole] = f"{was}, {draw(st.sampled_from(KEYWORDS))}={draw(st.sampled_from(ODD))}"
            case "list":
                parts[hole] = f"[{was}, {draw(st.sampled_from(ODD))}]"
            case "generator":
                parts[hole] = f"(each for each in [{was}])"
    return "".join(parts)


OURS = re.compile(r"(type|operand).*(Term|Machine)'(?!.*(len\(\)|keyword|argument|call|attribute))")
"""What Python says of operators that we should have refused."""


def told(problem: SpecificationError, file: Path, text: str) -> str:
    """Check that a mistake has its place in the model, and can be shown; return its code."""
    place = problem.place or library._author_place(problem)
    assert place is not None, problem
    assert place.file == str(file), place
    assert 1 <= place.line <= text.count("\n") + 1
    assert str(problem)
    return problem.code


def outcome(text: str, file: Path) -> tuple[str, System | None]:
    """Return what became of a model, in a word, and the system if it is one; everything unforeseen is raised."""
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    module = types.ModuleType("fuzzed")
    vars(module).update(WORDS)
    try:
        with warnings.catch_warnings(action="ignore"):
            code = compile(text, str(file), "exec")
    except SyntaxError:
        return "no Python", None
    try:
        exec(code, vars(module))
        return "accepted", module.s.build()
    except SpecificationError as problem:
        return told(problem, file, text), None
    except Exception as problem:
        if is_engine(traceback.extract_tb(problem.__traceback__)[-1].filename) or OURS.search(str(problem)):
            raise
        return f"Python's {type(problem).__name__}", None


def test_specifications_are_checked_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No model ends in anything but a system that can be checked, or an error with a line of its own."""
    file, seen, known = tmp_path / "model.py", Counter[str](), set[str]()
    longest = 0.0

    @FUZZING
    @given(models())
    def run(text: str) -> None:
        nonlocal longest
        begun = time.perf_counter()
        word, system = outcome(text, file)
        seen[word] += 1
        if system is not None and text not in known and len(known) < CHECKED:
            known.add(text)
            try:
                found = check(system, limits=Limits(max_states=20_000))
                assert found.stopped is None or found.verdict is not Verdict.HOLDS
            except SpecificationError as problem:
                seen[told(problem, file, text)] += 1
        longest = max(longest, time.perf_counter() - begun)
        assert longest < LONGEST

    run()
    with capsys.disabled():
        print(f"\nspecifications: {dict(seen.most_common())}, {len(known)} checked, the longest {longest:.1f} s")
    assert seen["accepted"] > EXAMPLES / 50
    assert {"Q02", "Q10", "Q11", "Q16", "Q25", "Q30", "Q31", "Q35"} <= seen.keys()
