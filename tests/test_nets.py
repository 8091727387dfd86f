"""Petri nets and contest formulas from files: what is read, and what one bad formula costs.

What is refused, with its line and what to write instead, is in `net_mistakes`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from quiesce import SpecificationError, cli
from quiesce.bridges import contest, coverability
from quiesce.bridges.nets import Net, Transition, system
from quiesce.bridges.pnml import bounded, read
from quiesce.core.properties import Property
from quiesce.core.result import Verdict
from quiesce.engines.checking import check
from tests.net_mistakes import HEAD, PNML, PTNET, SET

TAIL = "</page></net></pnml>"
ONE = (
    '<place id="p"><initialMarking><text>1</text></initialMarking></place><place id="q"/><transition id="t"/>'
    '<arc id="a" source="p" target="t"/><arc id="b" source="t" target="q"/>'
)


def net_of(tmp_path: Path, text: str | bytes) -> Net:
    """Return the net of a whole file."""
    file = tmp_path / "net.pnml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(file)


def body(tmp_path: Path, text: str) -> Net:
    """Return the net of what stands in a page."""
    return net_of(tmp_path, f"{HEAD}{text}{TAIL}")


def the_one(net: Net) -> bool:
    """Tell whether a net is the one in `ONE`, by what it is rather than by its name."""
    return (dict(net.places), dict(net.transitions)) == (
        {"p": 1, "q": 0},
        {"t": Transition(takes={"p": 1}, puts={"q": 1})},
    )


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}{ONE}{TAIL}",
        f'<?xml version="1.0"?><!DOCTYPE pnml>{HEAD}{ONE}{TAIL}',
        f"{HEAD}<page id='inner'>{ONE}</page>{TAIL}",
        f'<pnml><net id="n" type="{PTNET}">{ONE}</net></pnml>',
        f'<pnml xmlns="{PNML}"><net id="n" type="{PTNET}.pntd">{ONE}</net></pnml>',
        f"{HEAD}{ONE}{TAIL}".replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns", "xmlns:x"),
        f"{HEAD}<!-- one -->{ONE}{TAIL}".replace("<text>1", "<text><!-- c --><![CDATA[1]]>"),
        f"{HEAD}{ONE}{TAIL}".replace("<text>1", "<text>\n\t +01 "),
        f"{HEAD}{ONE}{TAIL}".replace('target="t"/>', 'target="t" type="normal"/>'),
        f"{HEAD}{ONE}{TAIL}".replace('target="t"/>', 'target="t"><type value="normal"/></arc>'),
        f"{HEAD}<name><text>a</text></name><graphics><odd x='1'/></graphics>{ONE}{TAIL}",
    ],
)
def test_one_net_written_in_several_ways(text: str, tmp_path: Path) -> None:
    """Pages, prefixes, comments, blanks and signs do not make another net."""
    assert the_one(net_of(tmp_path, text))


@pytest.mark.parametrize(
    "where", ["<page", "<place", "</text>", "</initialMarking>", "</place>", "<arc", "</net>", "</pnml>"]
)
def test_what_a_tool_keeps_for_itself_is_no_part_of_the_net(where: str, tmp_path: Path) -> None:
    """What stands in <toolspecific> is left out, wherever that stands, and whatever is in it."""
    place = '<place id="odd"><capacity/></place><arc type="inhibitor"/>'
    extra = f'<toolspecific tool="x" version="1">{place}<toolspecific/>5</toolspecific>'
    text = f"{HEAD}{ONE}{TAIL}"
    assert the_one(net_of(tmp_path, text.replace(where, extra + where, 1)))


def test_text_around_what_a_tool_keeps_does_not_grow_together(tmp_path: Path) -> None:
    """1, something of a tool, and 0 is not 10."""
    with pytest.raises(SpecificationError, match="no integer"):
        body(tmp_path, ONE.replace("<text>1", "<text>1<toolspecific/>0"))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "gbk", "shift_jis", "koi8-r"]
)
def test_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    """A file is read in the encoding that it declares, whichever Python knows, and by its mark."""
    name = {"latin-1": "pé", "gbk": "中", "shift_jis": "日", "koi8-r": "ж"}.get(encoding, "π")
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>{HEAD}<place id="{name}"/>{TAIL}'
    assert list(net_of(tmp_path, text.encode(encoding)).places) == [name]


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("utf-16", "utf-8"),
        ("utf-8", "utf-16"),
        ("latin-1", "utf-8-sig"),
        ("ascii", "utf-8"),
        ("utf-8", "latin-1"),
        ("rot13", "utf-8"),
        ("unicode_escape", "utf-8"),
        ("idna", "utf-8"),
        ("undefined", "utf-8"),
        ("utf-7", "utf-8"),
        ("cp037", "utf-8"),
        ("", "utf-8"),
        ("a\0b", "utf-8"),
    ],
)
def test_encodings_that_lie_are_refused(declared: str, written: str, tmp_path: Path) -> None:
    """A file whose bytes are not in the encoding that it declares is refused at a line."""
    text = f'<?xml version="1.0" encoding="{declared}"?>{HEAD}<place id="é"/>{TAIL}'
    with pytest.raises(SpecificationError) as caught:
        net_of(tmp_path, text.encode(written))
    assert (caught.value.code, caught.value.place is not None) == ("Q44", True)


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff\xfe", b"<", b"\0<\0p", bytes(range(256)), b"PK\3\4", b"<pnml/>x"])
def test_bytes_that_are_no_net_are_refused(data: bytes, tmp_path: Path) -> None:
    """Nothing, and anything, is no net; the error has a line."""
    with pytest.raises(SpecificationError) as caught:
        net_of(tmp_path, data)
    assert (caught.value.code, caught.value.place is not None) == ("Q44", True)


# -- what a net is ---------------------------------------------------------------------------------------------------


def test_arcs_between_the_same_nodes_add_up(tmp_path: Path) -> None:
    """Two arcs from a place to a transition take what both weigh together."""
    arc = '<arc id="%s" source="p" target="t"><inscription><text>%s</text></inscription></arc>'
    net = body(tmp_path, '<place id="p"/><transition id="t"/>' + arc % ("a", 2) + arc % ("b", 3))
    assert net.transitions["t"] == Transition(takes={"p": 5}, puts={})


def test_references_stand_for_their_nodes(tmp_path: Path) -> None:
    """A reference to a place or a transition, by way of others too, stands for it, before or after it is declared."""
    text = (
        '<referencePlace id="r" ref="s"/><referencePlace id="s" ref="p"/><referenceTransition id="u" ref="t"/>'
        + ONE.replace('source="p"', 'source="r"').replace('source="t"', 'source="u"')
    )
    assert the_one(body(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        '<arc id="a" source="p" target="a"/>',
        '<arc id="a" source="pg" target="t"/>',
        '<arc id="a" source="t" target="t"/>',
    ],
)
def test_arcs_join_places_and_transitions(text: str, tmp_path: Path) -> None:
    """An arc to an arc, from a page, or from a transition to itself is refused."""
    with pytest.raises(SpecificationError, match="arc"):
        body(tmp_path, f'<place id="p"/><transition id="t"/>{text}')


@pytest.mark.parametrize("kind", ["inhibitor", "reset", "read", "test", "", "NORMALLY"])
@pytest.mark.parametrize("word", ["type", "arctype", "arcType"])
def test_arcs_of_other_kinds_are_refused(kind: str, word: str, tmp_path: Path) -> None:
    """An arc that says of itself that it is no plain one is refused, however it says so."""
    for arc in (
        f'<arc id="i" source="p" target="t" {word}="{kind}"/>',
        f'<arc id="i" source="p" target="t"><{word} value="{kind}"/></arc>',
        f'<arc id="i" source="p" target="t"><{word}><text>{kind}</text></{word}></arc>',
    ):
        with pytest.raises(SpecificationError, match="no plain arc") as caught:
            body(tmp_path, f"{ONE}{arc}")
        assert caught.value.code == "Q44"


@pytest.mark.parametrize(
    "text", ["", " ", "1.5", "1e3", "0x1", "1_0", "\u0663", "\uff11", "--1", "-+1", "1 0", "true", "NaN", "9" * 5000]
)
def test_numbers_that_are_none_are_refused(text: str, tmp_path: Path) -> None:
    """A marking is an integer in the digits 0 to 9, within the numbers of the checker."""
    with pytest.raises(SpecificationError) as caught:
        body(tmp_path, ONE.replace("<text>1", f"<text>{text}"))
    assert caught.value.code == ("Q16" if len(text) > 100 else "Q44")


def test_the_largest_numbers_are_exact(tmp_path: Path) -> None:
    """2^40 tokens and a weight of 2^40 are read as they are, and taken as they are."""
    top = 2**40
    text = (
        ONE.replace("<text>1", f"<text>{top}")
        .replace('target="t"/>', f'target="t"><inscription><text>{top}</text></inscription></arc>')
        .replace('<arc id="b" source="t" target="q"/>', "")
    )
    net = body(tmp_path, text)
    assert (net.places["p"], net.transitions["t"].takes["p"]) == (top, top)
    found = check(system(net, bound=1))
    assert (found.states, found.transitions, found.verdict) == (2, 1, Verdict.HOLDS)


# -- bounds ----------------------------------------------------------------------------------------------------------


def made(places: dict[str, int], **transitions: tuple[dict[str, int], dict[str, int]]) -> Net:
    """Return a net."""
    moves = {name: Transition(takes=takes, puts=puts) for name, (takes, puts) in transitions.items()}
    return Net(name="n", places=places, transitions=moves)


UNBOUNDED = {
    "source": made({"p": 0}, t=({}, {"p": 1})),
    "doubling": made({"p": 1}, t=({"p": 1}, {"p": 2})),
    "after a while": made({"p": 3, "q": 0, "r": 0}, t=({"p": 1}, {"q": 1}), u=({"q": 3}, {"q": 3, "r": 1})),
    "among many": made(
        {f"p{n}": 1 for n in range(24)} | {f"q{n}": 0 for n in range(24)} | {"r": 0},
        **{f"go{n}": ({f"p{n}": 1}, {f"q{n}": 1}) for n in range(24)},
        **{f"back{n}": ({f"q{n}": 1}, {f"p{n}": 1}) for n in range(24)},
        more=({"q23": 1}, {"p23": 1, "r": 1}),
    ),
}
BOUNDED = {
    1: made({"p": 1, "q": 0}, t=({"p": 1}, {"q": 1}), u=({"q": 1}, {"p": 1})),
    5: made({"p": 5, "q": 0}, t=({"p": 1}, {"q": 1})),
    16: made({"p": 3, "q": 0}, t=({"p": 1}, {"q": 4})),
}


@pytest.mark.parametrize("work", [coverability.MOST_WORK, 0])
@pytest.mark.parametrize("name", UNBOUNDED)
def test_an_unbounded_net_is_recognised(name: str, work: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search in depth, and the engine's search for a bound, see in seconds that there is none."""
    monkeypatch.setattr(coverability, "MOST_WORK", work)
    begun = time.perf_counter()
    with pytest.raises(SpecificationError, match="n is unbounded") as caught:
        bounded(UNBOUNDED[name])
    assert caught.value.code == "Q13"
    assert time.perf_counter() - begun < 30


@pytest.mark.parametrize("work", [coverability.MOST_WORK, 0])
@pytest.mark.parametrize("bound", BOUNDED)
def test_the_bound_is_the_least_power_of_two(bound: int, work: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to find a bound find the same."""
    monkeypatch.setattr(coverability, "MOST_WORK", work)
    closed = bounded(BOUNDED[bound])
    assert closed.parameters["bound"] == bound
    assert check(closed).verdict is Verdict.HOLDS


# -- formulas --------------------------------------------------------------------------------------------------------


def asked(tmp_path: Path, *formulas: str) -> list[Property | contest.Refused]:
    """Return what a file of formulas asks of the net in `ONE`."""
    file = tmp_path / "f.xml"
    each = "".join(f"<property><id>f{n}</id><formula>{text}</formula></property>\n" for n, text in enumerate(formulas))
    file.write_text(f"{SET}\n{each}</property-set>", encoding="utf-8")
    return contest.read(file, body(tmp_path, ONE))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, str]], str]:
    """Run the command in this process; return its status, the answers, and what it says besides."""
    with pytest.raises(SystemExit) as leave:
        cli.main(["check", *words, "--format", "json"])
    printed = capsys.readouterr()
    assert isinstance(leave.value.code, int)
    systems = json.loads(printed.out)["systems"] if printed.out else []
    return leave.value.code, [answer for each in systems for answer in each["properties"]], printed.err


def test_one_bad_formula_costs_its_own_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of sixteen formulas one names a place that is not there: fifteen are answered, status 3."""
    good = "<exists-path><finally><is-fireable><transition>t</transition></is-fireable></finally></exists-path>"
    bad = "<integer-le><tokens-count><place>r</place></tokens-count><integer-constant>1</integer-constant></integer-le>"
    asked(tmp_path, *[good] * 7, bad, *[good] * 8)
    status, answers, _ = run(capsys, str(tmp_path / "net.pnml"), "--formulas", str(tmp_path / "f.xml"))
    verdicts = [answer["verdict"] for answer in answers]
    assert (status, verdicts) == (3, ["holds"] * 7 + ["unknown"] + ["holds"] * 9)
    assert answers[7]["name"] == "f7"
    assert answers[7]["scope"] == "f.xml:9: Q44 'r' is no place of n"


def test_a_file_that_is_none_of_formulas_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of formulas that cannot be read at all is a mistake, and nothing is answered."""
    asked(tmp_path, "<true/>")
    for text in ("", "<html/>", f"{SET}</property-set>", SET):
        (tmp_path / "g.xml").write_text(text, encoding="utf-8")
        words = [
            str(tmp_path / "net.pnml"),
            "--formulas",
            str(tmp_path / "f.xml"),
            "--formulas",
            str(tmp_path / "g.xml"),
        ]
        status, answers, said = run(capsys, *words)
        assert (status, answers) == (2, [])
        assert "g.xml:1: Q44" in said


def test_operands_of_an_until_are_found_by_their_names(tmp_path: Path) -> None:
    """The goal may be written before what holds until then."""
    p, q = (
        f"<integer-le><integer-constant>1</integer-constant><tokens-count><place>{name}</place></tokens-count>"
        "</integer-le>"
        for name in "pq"
    )
    there = f"<until><before>{p}</before><reach>{q}</reach></until>"
    back = f"<until><reach>{q}</reach><before>{p}</before></until>"
    first, second = asked(tmp_path, there, back)
    assert isinstance(first, Property)
    assert isinstance(second, Property)
    assert first.formula == second.formula


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<true/><true/>",
        "<negation/>",
        "<conjunction/>",
        "<disjunction><true/></disjunction>",
        "<is-fireable/>",
        "<place-bound/>",
        "<place-bound><place>t</place></place-bound>",
        "<integer-constant>1</integer-constant>",
        "<tokens-count><place>p</place></tokens-count>",
        "<integer-le><integer-constant>1</integer-constant></integer-le>",
        "<until><before><true/></before></until>",
        "<until><true/><true/></until>",
        "<until><before/><reach><true/></reach></until>",
        "<all-paths>1<true/></all-paths>",
        "<is-fireable><transition>p</transition></is-fireable>",
        "<is-fireable><transition><transition>t</transition></transition></is-fireable>",
        "<true xmlns=''/>",
    ],
)
def test_a_formula_that_is_none_is_refused_by_itself(text: str, tmp_path: Path) -> None:
    """Wrong numbers of operands, numbers for truths, and names of other things cost one answer, at their line."""
    first, second = asked(tmp_path, text, "<true/>")
    assert isinstance(first, contest.Refused)
    assert isinstance(second, Property)
    assert first.answer.scope.startswith("f.xml:2: Q44 ")
    assert first.answer.verdict is Verdict.UNKNOWN


def answers_to(tmp_path: Path, capsys: pytest.CaptureFixture[str], formulas: Sequence[str]) -> list[str]:
    """Return the verdicts on formulas about the net in `ONE`."""
    asked(tmp_path, *formulas)
    _, answers, _ = run(capsys, str(tmp_path / "net.pnml"), "--formulas", str(tmp_path / "f.xml"))
    return [answer["verdict"] for answer in answers[:-1]]


def test_every_operator_of_the_contest_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each operator, where it holds and where it does not."""
    fires = "<is-fireable><transition>t</transition></is-fireable>"
    numbers = "<tokens-count><place>p</place></tokens-count><integer-constant>1</integer-constant>"
    holding = [
        fires,
        "<true/>",
        "<negation><false/></negation>",
        "<all-paths><finally><deadlock/></finally></all-paths>",
        f"<all-paths><next><negation>{fires}</negation></next></all-paths>",
        f"<implication>{fires}<true/></implication>",
        *(f"<integer-{word}>{numbers}</integer-{word}>" for word in ("le", "ge", "eq")),
    ]
    violated = [
        "<deadlock/>",
        "<false/>",
        f"<globally>{fires}</globally>",
        f"<conjunction>{fires}<false/></conjunction>",
        *(f"<integer-{word}>{numbers}</integer-{word}>" for word in ("lt", "gt", "ne")),
    ]
    assert answers_to(tmp_path, capsys, holding) == ["holds"] * len(holding)
    assert answers_to(tmp_path, capsys, violated) == ["violated"] * len(violated)


def test_deep_formulas_are_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred operators inside each other, and chains of F and G, come out."""
    fires = "<is-fireable><transition>t</transition></is-fireable>"
    chains = []
    for words in (["globally"], ["finally", "globally"], ["next"], ["negation", "globally"]):
        text = fires
        for number in range(100):
            word = words[number % len(words)]
            text = f"<{word}>{text}</{word}>"
        chains.append(f"<all-paths>{text}</all-paths>")
    assert answers_to(tmp_path, capsys, chains) == ["violated", "violated", "violated", "violated"]
