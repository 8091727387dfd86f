"""Lint: what it remarks on is what a plain look at the reference search finds, and the library's own remarks are known.

Random systems, one example of each kind, the rows of the library that no check ever takes, and the command.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from quiesce import Machine, SpecificationError, System, all_of, expectations, happens, library, where
from quiesce.core.domains import Value, size
from quiesce.core.lint import MOST_VALUES, Kind, Pair, Remark, Seen, described, remarks
from quiesce.core.result import SystemAnswers, Verdict
from quiesce.core.system import System as SystemData
from quiesce.core.trace import State, Step
from quiesce.core.verdicts import Explored, explore
from quiesce.engines.checking import check
from quiesce.language.systems import unfair
from quiesce.language.terms import VariableTerm
from tests import strategies
from tests.documents import ROOT
from tests.strategies import DRAWING, systems
from tests.temporal_strategies import questions
from tests.test_command import run

MOST_STATES = 40
DRAWN, DIFFERENT = 460, 150
"""So many systems are drawn, and at least so many that differ are searched completely."""


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


# -- what was seen, in plain Python -----------------------------------------------------------------------------------


def seen(system: SystemData, found: Explored) -> Seen:
    """Return what the reference search saw."""
    taken = [step for listed in found.successors.values() for step in listed if step.target is not None]
    values: dict[tuple[str, str], set[Value]] = {}
    for slot, cell in enumerate(system.flat.cells):
        if size(cell.domain) <= MOST_VALUES:
            occurring = {state[slot] for state in found.successors}
            values.setdefault((cell.machine, cell.variable), set()).update(occurring)
    return Seen(
        rows={(part.machine, part.row) for step in taken for part in step.label.participants},
        values=values,
        overlaps=overlaps(found.successors),
    )


def overlaps(successors: Mapping[State, tuple[Step, ...]]) -> set[Pair]:
    """Return the pairs of rows of one copy by which, all else equal, the same event can be taken in one state."""
    found: set[Pair] = set()
    for listed in successors.values():
        for one, other in combinations([step.label for step in listed], 2):
            if (one.trigger, one.result, one.arguments) != (other.trigger, other.result, other.arguments):
                continue
            if len(one.participants) != len(other.participants):
                continue
            unlike = [pair for pair in zip(one.participants, other.participants, strict=True) if pair[0] != pair[1]]
            if len(unlike) == 1:
                left, right = unlike[0]
                if (left.machine, left.copy, left.every) == (right.machine, right.copy, right.every):
                    found.add((left.machine, min(left.row, right.row), max(left.row, right.row)))
    return found


SEEN: Counter[object] = Counter()
AGREED: set[str] = set()


def test_remarks_are_those_of_a_plain_look_at_the_reference_search() -> None:
    """On random systems the engine remarks on what the reference search never saw, and on nothing else; where the
    search is not complete, or a step leaves a domain, it says nothing.
    """
    _compare()
    assert len(AGREED) >= DIFFERENT
    wanted = {Kind.VACUOUS: 20, Kind.OVERLAP: 30}
    elsewhere = {Kind.TAUTOLOGY, Kind.UNJUDGED}  # tests/test_saying_nothing.py, test_a_budget_of_overlaps_is_named
    for kind in set(Kind) - elsewhere:
        assert SEEN[kind] >= wanted.get(kind, 40), SEEN
    assert SEEN["not vacuous"] >= 20
    assert SEEN["overlap in no state"] >= 10
    assert SEEN["stopped"] >= 5
    assert SEEN["left a domain"] >= 1


@settings(DRAWING, max_examples=DRAWN)
@given(st.integers(0, 2**32), st.one_of(systems(), systems(), questions()))
def _compare(seed: int, written: System) -> None:
    premise = _implied(written, seed)
    try:
        system = written.build()
        found = explore(system, max_states=MOST_STATES)
    except SpecificationError as error:
        if error.code != "Q15":
            raise
        return
    text = strategies.described(system)
    note(text)
    if found.found.stopped is not None:
        SEEN["stopped"] += 1
        return
    answer = check(system, properties=[one.property.name for one in found.answers], explained=False)
    if any(step.departure for listed in found.successors.values() for step in listed):
        SEEN["left a domain"] += 1
        assert answer.remarks is None
        return
    if text in AGREED:
        return
    plain = seen(system, found)
    vacuous = {
        Remark(kind=Kind.VACUOUS, about=f"{one.property.name}: {one.note}", place=one.property.place)
        for one in found.answers
        if "vacuous" in one.flags
    }
    if premise is not None:
        slots = [slot for slot, cell in enumerate(system.flat.cells) if cell.label == premise[0]]
        never = all(state[slot] != premise[1] for state in found.successors for slot in slots)
        assert never is ("implied" in {remark.about.partition(":")[0] for remark in vacuous})
        SEEN["not vacuous"] += not never
    assert answer.remarks is not None
    of_states = [remark for remark in answer.remarks if remark.kind is not Kind.TAUTOLOGY]
    assert Counter(of_states) == Counter([*vacuous, *remarks(system, plain)])
    AGREED.add(text)
    SEEN.update(remark.kind for remark in answer.remarks)
    SEEN["overlap in no state"] += not plain.overlaps and any(_same_event(system))
    for kind in {remark.kind for remark in answer.remarks}:
        event(kind.value)


def _same_event(system: SystemData) -> Iterator[bool]:
    """Yield whether two rows of a machine are for one trigger, for each two."""
    for machine in system.machines:
        if not machine.observer:
            yield from (one.trigger == other.trigger for one, other in combinations(machine.rows, 2))


def _implied(written: System, seed: int) -> tuple[str, Value] | None:
    """Ask of a variable that one of its values implies itself: true, and vacuous where it never has that value.

    Return the cell's label and the value; None where there is no variable.
    """
    variables = [
        (machine, variable)
        for machine in written.machines
        if machine.copies != 0
        for variable in machine.data().variables
    ]
    if not variables:
        return None
    machine, variable = variables[seed % len(variables)]
    domain = variable.domain
    codes = [domain.low, min(domain.low + 1, domain.high), domain.high]
    value = domain.value(codes[seed // 7 % 3])
    term = VariableTerm(machine.name, variable.name, domain, machine.copies)
    read, label = (term, machine.name) if machine.copies is None else (term[next(iter(machine))], f"{machine.name}[0]")
    premise = read == value
    written.always("implied", premise.implies((read == value) | (read == domain.value(domain.low))))
    return f"{label}.{variable.name}", value


# -- one of each kind -------------------------------------------------------------------------------------------------


def line() -> int:
    """Return the number of the line that calls."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def told(system: System) -> list[tuple[Kind, str, int]]:
    """Return the remarks on a system of this file: kind, about what, and the line."""
    found = check(system.build()).remarks
    assert found is not None
    assert all(remark.place is not None and remark.place.file == __file__ for remark in found)
    return [(remark.kind, remark.about, remark.place.line) for remark in found if remark.place is not None]


def test_dead_row() -> None:
    """A row whose guard never comes true is dead, and told by its machine, its trigger and where it leads from."""
    machine = Machine("m", states=["a", "b"])
    x = machine.count("x", up_to=1)
    machine.on("go", source="a", dest="b", then={x: 1})
    machine.on("go", source=["a", "b"], when=x > 1)
    dead = line() - 1
    machine.step("turn", when=(x == 0) & (machine.state == "b"))
    assert told(System("s", machine)) == [
        (Kind.DEAD_ROW, "m on go, from a or b", dead),
        (Kind.DEAD_ROW, "m step turn", dead + 2),
    ]


def test_row_that_no_caller_accepts_is_dead() -> None:
    """A call that gets a result which never comes is dead, and so is its answer's row; rows of observers are not."""
    machine, caller, watch = Machine("m"), Machine("c"), Machine("watch", observer=True)
    machine.on("ask", returns="yes")
    machine.on("ask", returns="no", when=False)
    caller.calls("ask", gets="yes")
    caller.calls("ask", gets="no")
    here = line()
    watch.on("ask", gets="no")
    assert told(System("s", machine, caller, watch)) == [
        (Kind.DEAD_ROW, "m on ask", here - 3),
        (Kind.DEAD_ROW, "c calls ask", here - 1),
    ]


def test_state_never_entered() -> None:
    """A state that no row leads to is told at the line of its machine."""
    machine = Machine("m", states=["a", "b", "c", "d"])
    place = line() - 1
    machine.step("go", source="a", dest="c")
    assert told(System("s", machine)) == [
        (Kind.DEAD_STATE, "m: b", place),
        (Kind.DEAD_STATE, "m: d", place),
    ]


def test_value_never_reached() -> None:
    """Values that a variable never has are told in one remark, the first six of them by name."""
    machine = Machine("m")
    x = machine.count("x", up_to=9)
    y = machine.one_of("y", ["p", "q"], initial="p")
    place = line() - 2
    machine.step("go", when=(x < 1) & (y == "p"), then={x: x + 1})
    assert told(System("s", machine)) == [
        (Kind.UNREACHED, "m.x: 2, 3, 4, 5, 6, 7 and 2 more", place),
        (Kind.UNREACHED, "m.y: q", place + 1),
    ]


@pytest.mark.parametrize(
    ("top", "listed"), [(6, "2, 3, 4, 5, 6"), (7, "2, 3, 4, 5, 6, 7"), (8, "2, 3, 4, 5, 6, 7 and 1 more")]
)
def test_values_are_listed_and_the_rest_counted(top: int, listed: str) -> None:
    """Six values are named; of one more it is said that there is one, and of no more nothing."""
    machine = Machine("m")
    x = machine.count("x", up_to=top)
    place = line() - 1
    machine.step("go", when=x < 1, then={x: x + 1})
    assert told(System("s", machine)) == [(Kind.UNREACHED, f"m.x: {listed}", place)]


def test_value_of_another_copy_is_reached() -> None:
    """What one copy never has is no remark where another has it."""
    machine = Machine("m", copies=2)
    used = machine.flag("used")
    first = next(iter(machine))
    machine.step("go", when=~used[first], then={used: True})
    assert told(System("s", machine)) == []


def test_variable_never_read() -> None:
    """A variable that only its own increments look at is never read; one in a guard, an effect, a property, or of a
    machine that a property calls fresh, is.
    """
    machine, other = Machine("m"), Machine("other")
    own = machine.count("own", up_to=1)
    place = line() - 1
    guard, source, asked = machine.flag("guard"), machine.flag("source"), machine.flag("asked")
    fresh = other.flag("fresh")
    machine.step("go", when=~guard, then={own: where(own < 1, own + 1, 0), guard: source, source: True, asked: True})
    other.step("go", then={fresh: ~fresh})
    system = System("s", machine, other)
    assert told(system) == [
        (Kind.UNREAD, "m.own", place),
        (Kind.UNREAD, "m.asked", place + 2),
        (Kind.UNREAD, "other.fresh", place + 3),
    ]
    system.sometimes("asked", asked)
    system.sometimes("moved", ~other.fresh)
    assert told(system) == [(Kind.UNREAD, "m.own", place)]


def test_overlap_of_rows() -> None:
    """Two rows that one copy can take in one state by the same event overlap; different results, different sources or
    guards that exclude each other do not.
    """
    machine = Machine("m", states=["a", "b"])
    x = machine.flag("x")
    machine.on("go", source="a", dest="b", then={x: ~x})
    place = line() - 1
    machine.on("go", source=["a", "b"], dest="a")
    machine.on("ask", when=x, returns="yes")
    machine.on("ask", when=~x, returns="yes")
    machine.on("ask", returns="no")
    assert told(System("s", machine)) == [
        (Kind.OVERLAP, f"m on go, from a and the row of line {place + 2}", place),
    ]


def test_a_budget_of_overlaps_is_named() -> None:
    """Of 40 rows that all overlap there are 780 pairs, more than are looked for: 512 are told, and that this is so."""
    machine = Machine("m", states=["a", "b"])
    x = machine.count("x", up_to=40)
    for number in range(40):
        machine.step("go", source="a", dest="b", when=x <= number, then={x: number})
    found = Counter(remark.kind for remark in check(System("s", machine).build()).remarks or ())
    assert (found[Kind.OVERLAP], found[Kind.UNJUDGED]) == (512, 1)


def test_rows_of_different_states_are_not_compared() -> None:
    """Two thousand rows of one trigger from as many states: no pair can overlap, and none is left out."""
    machine = Machine("m", states=[f"s{number}" for number in range(2000)])
    for number in range(1999):
        machine.step("go", source=f"s{number}", dest=f"s{number + 1}")
    found = Counter(remark.kind for remark in check(System("s", machine).build()).remarks or ())
    assert (found[Kind.OVERLAP], found[Kind.UNJUDGED]) == (0, 0)


def test_overlap_in_no_reachable_state_is_none() -> None:
    """Rows that would overlap in a state that is never reached do not."""
    machine = Machine("m")
    x = machine.count("x", up_to=3)
    machine.step("go", when=x < 2, then={x: x + 1})
    machine.step("go", when=x >= 2, then={x: 2})
    machine.step("stop", when=x == 0)
    machine.step("stop", when=(x == 2) | (x == 3))
    machine.step("stop", when=(x == 1) | (x == 3))
    assert told(System("s", machine)) == [(Kind.UNREACHED, "m.x: 3", told_line(x))]


def told_line(variable: VariableTerm) -> int:
    """Return the line above the one that steps first: that of the test's only variable."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    code = frame.f_back.f_code
    source, first = inspect.getsourcelines(code)
    return first + next(number for number, text in enumerate(source) if f"{variable.name} = machine.count" in text)


def counting() -> tuple[System, VariableTerm]:
    """Return a machine that counts to two, of a domain up to three, all of whose values are looked at."""
    machine = Machine("m")
    x = machine.integer("x", 0, 3, initial=0)
    machine.step("go", when=x < 2, then={x: x + 1})
    return System("s", machine), x


def vacuous(system: System) -> list[str]:
    """Return the remarks on vacuous properties, and check that they stand at the flagged answers."""
    result = check(system.build())
    assert result.remarks is not None
    flagged = [answer for answer in result.properties if "vacuous" in answer.flags]
    found = [remark for remark in result.remarks if remark.kind is Kind.VACUOUS]
    assert [(f"{answer.property.name}: {answer.note}", answer.property.place) for answer in flagged] == [
        (remark.about, remark.place) for remark in found
    ]
    assert all(answer.verdict is Verdict.HOLDS for answer in flagged)
    return [remark.about for remark in found]


def test_vacuous_premise() -> None:
    """A premise that is never true makes its property vacuous; one that is true once does not, nor one that is
    violated.
    """
    system, x = counting()
    system.always("never three", (x == 3).implies(x == 0))
    place = line() - 1
    system.always("two is two", (x == 2).implies(x > 1))
    system.always("two is not two", (x == 2).implies(x < 1))
    assert vacuous(system) == ["never three: never true: m.x == 3"]
    assert told(system)[0] == (Kind.VACUOUS, "never three: never true: m.x == 3", place)


def test_vacuous_premise_of_steps() -> None:
    """A premise about steps is judged of the steps."""
    system, x = counting()
    system.always("third step", (happens("m.go") & (x == 2)).implies(x == 0))
    system.always("second step", (happens("m.go") & (x == 1)).implies(x == 1))
    assert vacuous(system) == ["third step: never true: m.go happens and m.x == 2"]


def test_vacuous_premise_inside() -> None:
    """The inner of two implications is judged, and every part of a conjunction and of an alternative."""
    system, x = counting()
    system.always("inner", (x > 0).implies((x == 3).implies(x == 0)))
    system.always("part", all_of(x < 3, (x == 2).implies(x > 0), (x == 3).implies(x == 0)))
    system.always("alternative", (x > 5) | (x == 3).implies(x == 0))
    system.always("all right", (x > 0).implies((x == 2).implies(x > 1)))
    assert vacuous(system) == [f"{name}: never true: m.x == 3" for name in ("inner", "part", "alternative")]


def test_what_is_negated_or_no_implication_is_not_vacuous() -> None:
    """Under `~`, in a premise and in `never` and `sometimes` an implication is not judged, nor is one by `|`."""
    system, x = counting()
    inner = (x == 3).implies(x == 0)
    system.always("negated", ~(~inner & (x == 1)))
    system.always("in a premise", inner.implies(x < 3))
    system.always("or", ~(x == 3) | (x == 0))
    system.never("never", ~inner)
    system.sometimes("sometimes", inner)
    assert vacuous(system) == []


def test_vacuous_leads_to() -> None:
    """A temporal property whose premise is never true on any run is vacuous; one whose premise comes is not."""
    system, x = counting()
    system.leads_to("three leads to zero", x == 3, x == 0)
    system.leads_to("one leads to two", x == 1, x == 2, assuming=[])
    system.eventually("two", x == 2, assuming=[])
    found = check(system.build())
    verdicts = [answer.verdict for answer in found.properties[:3]]
    assert verdicts[0] is Verdict.HOLDS
    assert vacuous(system) == ["three leads to zero: never true: m.x == 3"]


def test_incomplete_search_is_not_judged() -> None:
    """Where a step leaves a domain nothing is remarked, for not every state was seen."""
    machine = Machine("m")
    x = machine.count("x", up_to=1)
    machine.step("go", then={x: x + 1})
    result = check(System("s", machine).build())
    assert (result.remarks, result.has_suspicions) == (None, False)


# -- the library ------------------------------------------------------------------------------------------------------

BASE_REFUSES = {"base on WSPCleanup, from down"}
LAYER_OWES_MORE = {
    f"{upper} calls {lower}.WSPCleanup.return, from cleaning"
    for upper, lower in (("L1", "L2"), ("L1", "base"), ("L2", "L3"), ("L2", "base"), ("L3", "base"))
}
NOTHING_CALLED = {f"app calls {module}.CleanupCredentialCache, from proc" for module in ("MSNSSPC", "MSAPSSPC")}
NOTHING_RELEASED = {"socket on release socket, from closing"}
WORDS = (
    "base on WSPCleanup, from down",
    "calls WSPCleanup.return, from cleaning, while it owes more",
    "the call of defect S22",
    "what defect M34 leaves of `release socket`",
)
"""What docs/limits.md must say of the three."""


@cache
def results() -> list[SystemAnswers]:
    """Return the answers of every check of the library."""
    rows = [row for file in library.checks() if file.name != library.BENCH_CHECKS for row in expectations.read(file)]
    return [check(unfair(library.find(row.model).system(row.parameters), row.unfair), explained=False) for row in rows]


def test_dead_rows_of_the_library_are_four() -> None:
    """Every row of every machine is taken in some check, but for four; a row in a loop, if it is for some member.

    A base provider refuses no cleanup, for no layer cleans up too often; a layer never owes more than one; and where
    defect S22 calls nothing, there is a call that is never made. Where defect M34 releases no open socket, none is left
    to release: those that are closing have been drained.
    """
    words: dict[str, set[str]] = {}
    taken: set[str] = set()
    judged = [result for result in results() if result.remarks is not None]
    assert len(judged) >= 50
    for result in judged:
        dead = Counter((remark.about, str(remark.place)) for remark in result.remarks or () if remark.kind is DEAD)
        for machine in result.system.machines:
            rows = () if machine.observer else machine.rows
            for row in rows:
                about, place = described(machine, row), str(row.place)
                words.setdefault(place, set()).add(about)
                taken |= {place} if (about, place) not in dead else set()
    assert len(words) >= 150
    found = {place: words[place] for place in words.keys() - taken}
    assert sorted(map(sorted, found.values())) == sorted(
        map(sorted, (BASE_REFUSES, LAYER_OWES_MORE, NOTHING_CALLED, NOTHING_RELEASED))
    )
    files = {place.partition(":")[0]: abouts for place, abouts in found.items() if abouts == NOTHING_CALLED}
    assert set(files) == {"model/ssp_defects.py"}


DEAD = Kind.DEAD_ROW


def test_vacuous_properties_of_the_library_are_where_something_is_left_out() -> None:
    """A property is vacuous only in checks without clients, sockets, operations or failures."""
    vacuous = [
        result
        for result in results()
        if result.verdict is Verdict.HOLDS and any(remark.kind is Kind.VACUOUS for remark in result.remarks or ())
    ]
    assert len(vacuous) >= 3
    for result in vacuous:
        given = result.system.parameters
        assert 0 in map(given.get, ("clients", "sockets", "operations")) or given.get("failures") is False, given


def test_dead_rows_of_the_library_are_explained() -> None:
    """docs/limits.md explains each of the four under a heading of its own."""
    text = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    _, heading, section = text.partition("\n## Dead rows of the library\n")
    assert heading
    section = " ".join(section.partition("\n## ")[0].split())
    assert [word for word in WORDS if word not in section] == []


# -- the command ------------------------------------------------------------------------------------------------------


def specification(folder: Path, *, dead: bool = False, vacuous: bool = False, violated: bool = False) -> str:
    """Write a specification that is clean, or suspicious in some ways, or wrong; return its file."""
    lines = [
        "from quiesce import Machine, System, after, happens",
        "",
        "",
        "def small() -> System:",
        "    machine = Machine('m')",
        "    x = machine.count('x', up_to=2)",
        "    machine.step('go', when=x < 2, then={x: x + 1})",
    ]
    lines += ["    machine.step('never', when=x > 2)"] if dead else []
    lines += ["    system = System('small', machine)"]
    lines += ["    system.always('hollow', (x > 2).implies(x < 2))"] if vacuous else []
    lines += (
        ["    system.always('wrong', x < 2)"]
        if violated
        else ["    system.always('right', happens('m.go').implies(after(x) == x + 1))"]
    )
    file = folder / "small.py"
    file.write_text("\n".join([*lines, "    return system", ""]), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("dead", "vacuous", "status", "words"),
    [
        (False, False, 0, "lint: nothing vacuous, nothing dead"),
        (True, False, 4, "lint: 1 row never taken"),
        (False, True, 4, "lint: 1 vacuous property"),
        (True, True, 4, "lint: 1 vacuous property, 1 row never taken"),
    ],
)
def test_lint_command(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    strict: bool,
    dead: bool,
    vacuous: bool,
    status: int,
    words: str,
) -> None:
    """`lint` prints a line for each remark with its place, then how many there are; only --strict makes it fail."""
    file = specification(tmp_path, dead=dead, vacuous=vacuous)
    expected = ["small.py:10: vacuous property: hollow: never true: m.x > 2"] if vacuous and dead else []
    expected += ["small.py:9: vacuous property: hollow: never true: m.x > 2"] if vacuous and not dead else []
    expected += ["small.py:8: row never taken: m step never"] if dead else []
    left, out, err = run(capsys, "lint", file, *(["--strict"] if strict else []))
    assert (left, err) == (status if strict else 0, "")
    assert out.splitlines() == [*expected, f"small(): {words}"]


def test_lint_command_without_a_complete_search(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a step leaves a domain, `lint` says that it does not judge, and ends with status 3."""
    status, out, _ = run(capsys, "lint", "winsock", "-c", "defect=M02", "--strict")
    assert status == 3
    assert out.endswith(": lint: not judged, for not every state was seen\n")
    assert out.count("\n") == 1


@pytest.mark.parametrize("dead", [False, True])
@pytest.mark.parametrize("vacuous", [False, True])
@pytest.mark.parametrize("violated", [False, True])
def test_strict_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dead: bool, vacuous: bool, violated: bool
) -> None:
    """`check --strict` ends with 4 where all holds and something is suspicious; a violation wins; without it all is as
    before. The lint line stands under the report each time.
    """
    file = specification(tmp_path, dead=dead, vacuous=vacuous, violated=violated)
    status = 1 if violated else 0
    strict = status or (4 if dead or vacuous else 0)
    counted = [*(["1 vacuous property"] if vacuous else []), *(["1 row never taken"] if dead else [])]
    words = "  lint: " + (", ".join(counted) or "nothing vacuous, nothing dead")
    for options, expected in (([], status), (["--strict"], strict)):
        left, out, _ = run(capsys, file, "--plain", *options)
        assert left == expected
        lines = out.splitlines()
        assert lines[lines.index("  small(): 3 states, 2 transitions, depth 2") + 1] == words
        assert ("[vacuous]" in out) is vacuous


def test_strict_check_of_a_stopped_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A search that was stopped is undecided, with --strict too, and has no lint line."""
    status, out, _ = run(capsys, specification(tmp_path, dead=True), "--strict", "--max-states", "2")
    assert status == 3
    assert "lint:" not in out
