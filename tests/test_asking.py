"""Formulas as text: they mean what the same formula means in Python, and mistakes in them are shown where they are."""

from __future__ import annotations

import enum
import json
import operator
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quiesce import (
    AF,
    AG,
    AX,
    EF,
    EG,
    EX,
    A,
    E,
    F,
    G,
    Machine,
    R,
    SpecificationError,
    System,
    Term,
    U,
    W,
    X,
    after,
    all_of,
    any_of,
    cli,
    deadlock,
    enabled,
    happens,
)
from quiesce.core import expressions
from quiesce.core.domains import Copy
from quiesce.core.expressions import Op, is_temporal
from quiesce.core.properties import PropertyKind
from quiesce.language.asking import question
from quiesce.language.systems import asking
from quiesce.language.terms import compare, lift


class Colour(enum.Enum):
    """Names that are no texts."""

    RED = "red"
    BLUE = 2


pool = Machine("pool", states=["open", "closed", "none"])
client = Machine("client", copies=2, states=["idle", "busy"])
watch = Machine("watch ed", observer=True)
free = pool.integer("free", -1, 3)
used = pool.count("used", up_to=3)
full = pool.flag("full")
mode = pool.one_of("mode", ["slow", 3, Colour.RED, "in between"])
owner = pool.one_of("owner", client, optional=True)
held = client.flag("held")
seen = watch.count("all seen", up_to=3)
pool.on("take", returns=["yes", 7, Colour.BLUE])
pool.on("take.return")
pool.step("free heap")
client.calls("take", gets=["yes", 7, Colour.BLUE])
client.calls("take.return")
SYSTEM = System("s", pool, client, watch).build()

shut, is_open = pool.state == "closed", pool.state == "open"

MEANINGS: dict[str, Term] = {
    # values
    "pool.state == closed": shut,
    "closed == pool.state": compare(Op.EQ, "closed", pool.state),
    "pool.state == 'closed'": shut,
    '"pool".state != "closed"': pool.state != "closed",
    "pool.state == none": pool.state == "none",
    "pool.owner == none": owner == None,
    "pool.mode == 3": mode == 3,
    "pool.mode == RED": mode == Colour.RED,
    "pool.mode == 'in between'": mode == "in between",
    "pool.full": full,
    "pool.full == true": full == True,
    "pool.full != false": full != False,
    "pool.free <= -1": free <= -1,
    "pool.free + 2 * pool.used - 1 >= -pool.free": free + 2 * used - 1 >= -free,
    "(pool.free + 2) * pool.used < 3": (free + 2) * used < 3,
    "3 > pool.free": compare(Op.GT, 3, free),
    "'watch ed'.'all seen' == 1": seen == 1,
    "true": lift(True),
    "false": lift(False),
    # predicates of states and steps
    "deadlock": deadlock,
    "pool.fresh": pool.fresh,
    "client.unchanged": client.unchanged,
    "after(pool.free) > pool.free": compare(Op.GT, after(free), free),
    "after(pool.state) == closed": after(pool.state) == "closed",
    "after(pool.full)": after(full),
    "happens(take)": happens("take"),
    "happens(take.return)": happens("take.return"),
    "happens('take.return')": happens("take.return"),
    "happens(take.'return')": happens("take.return"),
    "happens(take, yes)": happens("take", returns="yes"),
    "happens(take, returns=7)": happens("take", returns=7),
    "happens(take, returns=[yes, BLUE, yes])": happens("take", returns=["yes", Colour.BLUE]),
    "enabled(pool.'free heap')": enabled("pool.free heap"),
    'enabled("pool.free heap")': enabled("pool.free heap"),
    "accepts(pool, take)": pool.accepts("take"),
    "accepts(pool, take, returns=yes)": pool.accepts("take", returns="yes"),
    # connectives
    "!pool.full": ~full,
    "~pool.full & not pool.full": ~full & ~full,
    "pool.full | pool.free == 1 or pool.free == 2 || pool.free == 3": full | (free == 1) | (free == 2) | (free == 3),
    "pool.full & pool.free == 1 and pool.free > 0 && pool.used == 1": full & (free == 1) & (free > 0) & (used == 1),
    "pool.full -> pool.free == 1": full.implies(free == 1),
    "pool.full <-> pool.free == 1": full == (free == 1),
    # runs
    "X pool.full": X(full),
    "F(pool.full)": F(full),
    "G pool.full": G(full),
    "pool.full U pool.free == 1": U(full, free == 1),
    "pool.full R pool.free == 1": R(full, free == 1),
    "pool.full W pool.free == 1": W(full, free == 1),
    "A pool.full": A(full),
    "E(pool.full U pool.free == 1)": E(U(full, free == 1)),
    "A[pool.full U pool.free == 1]": A(U(full, free == 1)),
    "AX pool.full": AX(full),
    "EX(pool.full)": EX(full),
    "AF pool.full": AF(full),
    "EF pool.full": EF(full),
    "EG pool.full": EG(full),
    "AG(EF(pool.state == closed))": AG(EF(shut)),
    "A G E F pool.full": AG(EF(full)),
    "G(pool.state == open -> F(pool.state == closed))": G(is_open.implies(F(shut))),
    # copies
    "forall c in client: client.held[c]": all_of(held[c] for c in client),
    "exists c in client: client[c].held": any_of(held[c] for c in client),
    "forall c in client: G(client.state[c] == busy -> F(client.state[c] == idle))": all_of(
        G((client.state[c] == "busy").implies(F(client.state[c] == "idle"))) for c in client
    ),
    "G exists c in client: pool.owner == c": G(any_of(owner == c for c in client)),
    "forall c in client: exists d in client: c != d & client.held[d]": all_of(
        any_of((lift(c) != d) & held[d] for d in client) for c in client
    ),
    "(forall c in client: client.held[c]) & (exists c in client: client.held[c])": all_of(held[c] for c in client)
    & any_of(held[c] for c in client),
}
"""Text -> the term that it means."""

SAME: dict[str, str] = {
    "G pool.free == 1": "G(pool.free == 1)",
    "not pool.free == 1": "!(pool.free == 1)",
    "pool.full == !pool.full": "pool.full == (!pool.full)",
    "G pool.full & pool.full": "(G pool.full) & pool.full",
    "G pool.full U F pool.full": "(G pool.full) U (F pool.full)",
    "pool.full U pool.full U pool.free == 1": "pool.full U (pool.full U pool.free == 1)",
    "pool.full U pool.free == 1 & pool.full": "(pool.full U (pool.free == 1)) & pool.full",
    "pool.full & pool.free == 1 | pool.free == 2": "(pool.full & pool.free == 1) | pool.free == 2",
    "pool.full | pool.free == 1 -> pool.free == 2": "(pool.full | pool.free == 1) -> pool.free == 2",
    "pool.full -> pool.free == 1 -> pool.free == 2": "pool.full -> (pool.free == 1 -> pool.free == 2)",
    "pool.full -> pool.free == 1 <-> pool.full": "(pool.full -> pool.free == 1) <-> pool.full",
    "pool.free - pool.used - 1 == 0": "(pool.free - pool.used) - 1 == 0",
    "pool.free - pool.used * 2 == 0": "pool.free - (pool.used * 2) == 0",
    "pool.full & forall c in client: client.held[c] -> pool.full": (
        "pool.full & (forall c in client: (client.held[c] -> pool.full))"
    ),
    "! exists c in client: client.held[c] & pool.full": "!(exists c in client: (client.held[c] & pool.full))",
}
"""Text -> the same with parentheses."""


@pytest.mark.parametrize("text", MEANINGS)
def test_text_means_what_python_means(text: str) -> None:
    """A text gives the expression that the same formula, written in Python, gives."""
    assert question(SYSTEM, text).formula == MEANINGS[text].expr


@pytest.mark.parametrize("text", SAME)
def test_operators_bind(text: str) -> None:
    """A text without parentheses means what it means with all of them."""
    assert question(SYSTEM, text).formula == question(SYSTEM, SAME[text]).formula


def test_question_is_a_temporal_one_under_the_rows_own_fairness() -> None:
    """The question is named by its text, on one line, and leaves fairness to the rows."""
    asked = question(SYSTEM, "  AG pool.full\n\t & true ")
    assert (asked.name, asked.kind, asked.assuming, asked.id) == (
        "AG pool.full & true",
        PropertyKind.TEMPORAL,
        None,
        None,
    )


@pytest.mark.parametrize("sign", ["!", "X ", "pool.full -> ", "pool.full U ", "1 + ", "-"])
def test_depth_is_limited(sign: str) -> None:
    """A formula is refused before it is too deep for what calls itself on every level, and the limit is told."""
    end = "pool.used" if sign in ("1 + ", "-") else "pool.full"
    with pytest.raises(SpecificationError, match="nested more than 100 deep"):
        question(SYSTEM, f"{sign * 120}{end}")
    asked = question(SYSTEM, f"{sign * 90}{end}{' > 0' if end == 'pool.used' else ''}")
    assert asking(SYSTEM, [asked]).properties[0] == asked


def test_what_is_long_is_not_deep() -> None:
    """Parentheses make nothing deeper, and neither do operands of & and |."""
    assert question(SYSTEM, "(" * 500 + "pool.full" + ")" * 500).formula == full.expr
    assert question(SYSTEM, " & ".join(["pool.full"] * 500)).formula == full.expr


def test_copies_that_are_none() -> None:
    """Over no copies forall is true and exists is false, and what stands below is judged all the same."""
    nobody = Machine("nobody", copies=0, states=["idle"])
    system = System("s", nobody).build()
    assert question(system, "forall n in nobody: nobody.state[n] == idle").formula == lift(True).expr
    assert question(system, "exists n in nobody: nobody.state[n] == idle").formula == lift(False).expr
    with pytest.raises(SpecificationError, match="no state 'busy'"):
        question(system, "forall n in nobody: nobody.state[n] == busy")


def test_a_bound_name_comes_before_the_name_of_a_value() -> None:
    """Where forall binds the name of a state, the name is the copy; in quotes it is the state."""
    asked = question(SYSTEM, "forall idle in client: client.state[idle] == 'idle' | pool.owner == idle")
    assert asked.formula == all_of((client.state[c] == "idle") | (owner == c) for c in client).expr


# -- any formula -------------------------------------------------------------------------------------------------------

Written = tuple[str, Callable[[Copy], Term]]
"""A text in which `c` is a copy of client, and the term that it means for a copy."""

ATOMS: list[Written] = [
    ("pool.full", lambda c: full),
    ("pool.state == closed", lambda c: shut),
    ("pool.mode != 'in between'", lambda c: mode != "in between"),
    ("pool.owner == c", lambda c: owner == c),
    ("client.held[c]", lambda c: held[c]),
    ("client[c].state == busy", lambda c: client.state[c] == "busy"),
    ("after(client.held[c]) == true", lambda c: after(held[c]) == True),
    ("happens(take, [yes, BLUE])", lambda c: happens("take", returns=["yes", Colour.BLUE])),
    ("enabled('pool.free heap')", lambda c: enabled("pool.free heap")),
    ("exists d in client: client.held[d] & c != d", lambda c: any_of(held[d] & (lift(c) != d) for d in client)),
    ("deadlock", lambda c: deadlock),
    ("true", lambda c: lift(True)),
]
NUMBERS: list[Written] = [
    ("pool.free", lambda c: free),
    ("pool.used", lambda c: used),
    ("after(pool.used)", lambda c: after(used)),
    ("2", lambda c: lift(2)),
]

Joining = dict[str, Callable[[Term, Term], Term]]


def alike(p: Term, q: Term) -> Term:
    """Return that two truths are the same; of truths about runs only implications both ways can say so."""
    about_runs = is_temporal(p.expr) or is_temporal(q.expr)
    return p.implies(q) & q.implies(p) if about_runs else compare(Op.EQ, p, q)


PREFIXES: dict[str, Callable[[Term], Term]] = {
    **dict.fromkeys(("!", "~", "not "), operator.invert),
    **{each.__name__: each for each in (X, F, G, A, E, AX, EX, AF, EF, AG, EG)},
}
INFIXES: Joining = {
    **dict.fromkeys(("&", "&&", "and"), operator.and_),
    **dict.fromkeys(("|", "||", "or"), operator.or_),
    "->": lambda p, q: p.implies(q),
    "<->": alike,
    **{each.__name__: each for each in (U, R, W)},
}
SUMS: Joining = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COMPARISONS: Joining = {op.value: partial(compare, op) for op in Op if op in expressions.COMPARISONS}
"""Python itself turns some around: `after(x) > x` is `x < after(x)` there, for a variable is a term of its own kind."""


def prefixed(sign: str, operand: Written) -> Written:
    """Write an operator before a formula."""
    return f"{sign}({operand[0]})", lambda c: PREFIXES[sign](operand[1](c))


def joined(table: Joining, operands: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    """Write an operator of a table between two formulas, or numbers."""

    def write(sign: str, left: Written, right: Written) -> Written:
        return f"({left[0]}) {sign} ({right[0]})", lambda c: table[sign](left[1](c), right[1](c))

    return st.builds(write, st.sampled_from(sorted(table)), operands, operands)


NUMBER = st.recursive(st.sampled_from(NUMBERS), lambda inner: joined(SUMS, inner), max_leaves=4)
FORMULA = st.recursive(
    st.sampled_from(ATOMS) | joined(COMPARISONS, NUMBER),
    lambda inner: st.builds(prefixed, st.sampled_from(sorted(PREFIXES)), inner) | joined(INFIXES, inner),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(FORMULA, st.booleans())
def test_any_formula_comes_back(written: Written, every: bool) -> None:
    """A random formula, written with parentheses around every operand, is read as the term it was written from."""
    text, meaning = written
    asked = question(SYSTEM, f"{'forall' if every else 'exists'} c in client: {text}")
    assert asked.formula == (all_of if every else any_of)(meaning(c) for c in client).expr


# -- mistakes ----------------------------------------------------------------------------------------------------------

ANYTHING = (
    "here may stand: a name, a number, true, false, none, deadlock, a temporal operator, !, forall, exists, -, after, "
    "(, enabled, happens, accepts"
)
VARIABLES = (
    "there are: pool.state, pool.free, pool.used, pool.full, pool.mode, pool.owner, client.state, client.held, "
    "watch ed.all seen"
)

MISTAKES: dict[str, str] = {
    "G(pool.state == )": f"""
Q49 the formula cannot be read: unexpected ')'
    G(pool.state == )
                    ^
  {ANYTHING}
  there are: open, closed, none
""",
    "G(pool.state == closed": """
Q49 the formula cannot be read: it ends too early
    G(pool.state == closed
                          ^
  here may stand: +, -, *, U R W, &, |, <->, ->, [, ), a dot
""",
    "G(pool.state = closed)": """
Q49 the formula cannot be read: unexpected '='
    G(pool.state = closed)
                 ^
  write == to compare
""",
    "pool.full => true": """
Q49 the formula cannot be read: unexpected '='
    pool.full => true
              ^
  write -> for implies
""",
    "0 < pool.free < 3": """
Q49 the formula cannot be read: unexpected '<'
    0 < pool.free < 3
                  ^
  here may stand: +, -, *, U R W, &, |, <->, ->, [, a dot, the end
""",
    "happens(pool.free heap)": """
Q49 the formula cannot be read: unexpected 'heap'
    happens(pool.free heap)
                      ^
  a name with blanks stands in quotes; between two names stands an operator
""",
    "happens('pool.free heap)": """
Q49 the formula cannot be read: unexpected "'"
    happens('pool.free heap)
            ^
  the quote is not closed
  there are: take, take.return, pool.free heap
""",
    "AGG(pool.full)": """
Q49 the formula cannot be read: unexpected '('
    AGG(pool.full)
       ^
  did you mean 'AG'? there are: after, enabled, happens, accepts, X, F, G, A, E, AX, EX, AF, EF, AG, EG
""",
    "forall c client: true": """
Q49 the formula cannot be read: unexpected 'client'
    forall c client: true
             ^
  here may stand: in
""",
    "X happens()": """
Q49 the formula cannot be read: unexpected ')'
    X happens()
              ^
  here may stand: a name
  there are: take, take.return, pool.free heap
""",
    "forall c in": """
Q49 the formula cannot be read: it ends too early
    forall c in
               ^
  here may stand: a name
  there are: pool, client, watch ed
""",
    "": f"""
Q49 the formula cannot be read: it ends too early

    ^
  {ANYTHING}
  {VARIABLES}
""",
    "G(pool.state == closde)": """
Q03 pool has no state 'closde'
    G(pool.state == closde)
                    ^
  did you mean 'closed'? there are: open, closed, none
""",
    "G(pol.state == closed)": """
Q09 no machine 'pol' in s
    G(pol.state == closed)
      ^
  did you mean 'pool'? there are: pool, client, watch ed
""",
    "G(closed)": f"""
Q04 no variable 'closed'
    G(closed)
      ^
  {VARIABLES}
""",
    "G(pool.state.closed == open)": f"""
Q04 no variable 'pool.state.closed'
    G(pool.state.closed == open)
      ^
  did you mean 'pool.state'? {VARIABLES}
""",
    "forall c in client: client.fresh[c]": """
Q04 client has no variable 'fresh'
    forall c in client: client.fresh[c]
                               ^
  there are: state, held
""",
    "X happens(take.retrun)": """
Q05 no trigger 'take.retrun'
    X happens(take.retrun)
              ^
  did you mean 'take.return'? there are: take, take.return, pool.free heap
""",
    "X happens(take, returns=[yes, no])": """
Q06 'take' has no result 'no'
    X happens(take, returns=[yes, no])
                                  ^
  there are: yes, 7, BLUE
""",
    "accepts(client, take)": """
Q05 client is never on 'take'
    accepts(client, take)
            ^
  there are: pool
""",
    "pool.mode == fast": """
Q10 pool.mode can never be fast
    pool.mode == fast
                 ^
  its values are: slow, 3, RED, in between
""",
    "pool.free + pool.full > 1": """
Q30 + takes numbers, and pool.full is a truth value
    pool.free + pool.full > 1
                ^
""",
    "pool.free == pool.full": """
Q30 pool.free is a number and pool.full is a truth value
    pool.free == pool.full
              ^
  compare two values of one kind
""",
    "pool.state[0] == open": """
Q29 pool has no copies, so pool.state takes no index
    pool.state[0] == open
               ^
""",
    "forall c in client: c < c": """
Q32 client[0] is an index, not a number: copies are interchangeable and have only == and !=
    forall c in client: c < c
                          ^
  give client a count() to compute with, or make one machine for each number in a Python loop
""",
    "after(happens(take))": """
Q33 after() of a term that speaks of a step already: take happens
    after(happens(take))
          ^
""",
    "pool.full &\n\t(pool.free == true) |\npool.full": """
Q30 pool.free is a number and true is a truth value
     (pool.free == true) |
                   ^
  compare two values of one kind
""",
}
"""Text -> all that is said about it."""


@pytest.mark.parametrize("text", MISTAKES)
def test_mistake_is_shown_where_it_is(text: str) -> None:
    """A mistake is told with its code, the text, a caret under the place, and the names that exist."""
    with pytest.raises(SpecificationError) as caught:
        question(SYSTEM, text)
    said = "\n".join(line.rstrip() for line in str(caught.value).splitlines())
    assert said == MISTAKES[text].strip("\n")


def test_a_long_line_is_shown_around_the_mistake() -> None:
    """Of thousands of characters, those around the mistake are shown, and the caret fits."""
    with pytest.raises(SpecificationError) as caught:
        question(SYSTEM, "true & " * 1000 + ") " + "& true" * 1000)
    line, caret = str(caught.value).splitlines()[1:3]
    assert len(line) < 150
    assert line.strip().startswith("…")
    assert line.endswith("…")
    assert line[caret.index("^")] == ")"


@pytest.mark.parametrize("text", ["client.state[0][1] == gone", "A G (client.state[1][1] == gone)"])
def test_a_variable_has_one_index(text: str) -> None:
    """A second index is told as a name that there is not."""
    with pytest.raises(SpecificationError, match=r"no variable 'client\.state'"):
        question(SYSTEM, text)


# -- the command -------------------------------------------------------------------------------------------------------

NET = """<pnml><net id="n" type="http://www.pnml.org/version-2009/grammar/ptnet">
<place id="p"><initialMarking><text>1</text></initialMarking></place><place id="q-1"/><transition id="go"/>
<arc id="a" source="p" target="go"/><arc id="b" source="go" target="q-1"/></net></pnml>"""


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str], str]:
    """Run the command in this process; return its status, property -> verdict, and what it says of mistakes."""
    with pytest.raises(SystemExit) as leave:
        cli.main(["check", *words, "--format", "json"])
    printed = capsys.readouterr()
    assert isinstance(leave.value.code, int)
    systems = json.loads(printed.out)["systems"]
    answers = {answer["name"]: answer["verdict"] for system in systems for answer in system["properties"]}
    assert len(answers) == sum(len(system["properties"]) for system in systems)
    return leave.value.code, answers, printed.err


def test_only_what_is_asked_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    """--ask leaves the model's own properties out, but domains; the same text twice is one question."""
    status, answers, _ = run(capsys, "chain", "--ask", "true", "--ask", "AX false", "--ask", "true")
    assert (status, answers) == (1, {"true": "holds", "AX false": "violated", "domains": "holds"})


def test_properties_are_answered_too(capsys: pytest.CaptureFixture[str]) -> None:
    """--property beside --ask keeps those properties, and each is answered once."""
    words = ("--ask", "true", "--property", "PW-05", "--property", "resources reach zero", "--property", "domains")
    status, answers, _ = run(capsys, "winsock", *words)
    assert (status, answers) == (0, {"resources reach zero": "holds", "true": "holds", "domains": "holds"})


def test_a_search_that_is_stopped_leaves_it_open(capsys: pytest.CaptureFixture[str]) -> None:
    """A formula about runs is undecided where not every state was seen: status 3."""
    status, answers, _ = run(capsys, "winsock", "--ask", "AG true", "--max-states", "10")
    assert (status, answers) == (3, {"AG true": "unknown", "domains": "unknown"})


def test_a_net_is_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The one machine of a .pnml net is called net; its places are variables, its transitions steps."""
    (tmp_path / "n.pnml").write_text(NET, encoding="utf-8")
    words = ("--ask", "AF(net.'q-1' == 1)", "--ask", "G !happens(net.go)", "--ask", "net.p == 1 & enabled(net.go)")
    status, answers, said = run(capsys, str(tmp_path / "n.pnml"), *words)
    assert (status, list(answers.values())) == (1, ["holds", "violated", "holds", "holds"])
    assert "q-1=1" in said


def test_a_mistake_in_a_formula_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A formula that cannot be read, one without meaning and one for a checks file end with status 2, unanswered."""
    for words in (("chain", "--ask", "G("), ("chain", "--ask", "G nothing"), ("--ask", "true")):
        status, answers, said = run(capsys, *words)
        assert (status, answers) == (2, {})
        assert re.match(r"Q\d\d ", said)
