"""What can be wrong in a net or in a file of formulas: (id, code, mistake, message, hint), for `test_errors`.

The mistakes are Python texts. A net has its head in line 1, and the line that is wrong has a comment.
"""

from __future__ import annotations

PNML = "http://www.pnml.org/version-2009/grammar/pnml"
PTNET = "http://www.pnml.org/version-2009/grammar/ptnet"
HEAD = f'<pnml xmlns="{PNML}"><net id="n" type="{PTNET}"><page id="pg">'
SET = '<property-set xmlns="http://mcc.lip6.fr/">'
NODES = '<place id="p"/><place id="q"/><transition id="t"/>'
HERE = "<!-- # here -->"

PLAIN = "plain place/transition nets alone are read: what a tool keeps for itself belongs in <toolspecific>"
ARCS = (
    "plain arcs alone are read: write a read arc as one arc there and one back, an inhibitor arc of a bounded place "
    "as both arcs to a second place, which holds the room that is left"
)
MARKING = "write <initialMarking><text>0</text></initialMarking>, with 0 or a larger integer"
WEIGHT = "write <inscription><text>1</text></inscription>, with 1 or a larger integer"
UTF8 = 'declare its encoding, <?xml version="1.0" encoding="..."?>, or save it in UTF-8'
NO_DOCTYPE = "delete <!DOCTYPE ...>; write the text out"
COUNT = "add or delete some"

Mistake = tuple[str, str, str, str, str]


def whole(text: str) -> str:
    """Return the reading of a net from a whole file."""
    return f'file("net.pnml", {text!r})\npnml.read(Path("net.pnml"))'


def net(body: str) -> str:
    """Return the reading of a net from what stands in its page."""
    return whole(f"{HEAD}\n{body}\n</page></net></pnml>")


def bounded(body: str, *, bound: str = "pnml.bounded(net)", quick: bool = False) -> str:
    """Return the search for the bound of a net; `quick` leaves no time for the search in depth."""
    first = 'monkeypatch.setattr(coverability, "MOST_WORK", 0)\n' if quick else ""
    text = f"{HEAD}\n{body}\n</page></net></pnml>"
    return f'{first}file("net.pnml", {text!r})\nnet = pnml.read(Path("net.pnml"))\n{bound}'


def formulas(text: str) -> str:
    """Return the reading of a whole file of formulas."""
    return f'file("f.xml", {text!r})\ncontest.read(Path("f.xml"))'


def property_(body: str) -> str:
    """Return the reading of one property, for a net with the places p and q and the transition t."""
    return f"formula({f'{SET}{chr(10)}{body}{chr(10)}</property-set>'!r})"


def formula(body: str) -> str:
    """Return the reading of one formula."""
    return property_(f"<property><id>f</id><formula>\n{body}\n</formula></property>")


def marked(text: str) -> str:
    """Return a net in which a place has a marking."""
    return net(f'<place id="p"><initialMarking>\n<text>{text}</text>{HERE}\n</initialMarking></place>')


def weighted(text: str) -> str:
    """Return a net in which an arc has a weight."""
    arc = f'<arc id="a" source="p" target="t"><inscription>\n<text>{text}</text>{HERE}\n</inscription></arc>'
    return net(f"{NODES}\n{arc}")


NETS: tuple[Mistake, ...] = (
    ("net-is-no-xml", "Q44", whole("net # here"), "this is no well-formed XML: syntax error, column 1", ""),
    (
        "net-is-cut-off",
        "Q44",
        whole(f"{HEAD}\n<place {HERE}"),
        "this is no well-formed XML: not well-formed (invalid token), column 8",
        "",
    ),
    (
        "entities",
        "Q44",
        whole(f'<!DOCTYPE pnml [<!ENTITY a "1">]>{HERE}\n{HEAD}</page></net></pnml>'),
        "entities and document types are not read",
        NO_DOCTYPE,
    ),
    (
        "unknown-encoding",
        "Q44",
        whole(f'<?xml version="1.0" encoding="klingon"?>{HERE}'),
        "there is no encoding 'klingon'",
        "save the file in UTF-8",
    ),
    (
        "not-in-its-encoding",
        "Q44",
        whole(f'<?xml version="1.0" encoding="ascii"?>\n<!-- \xe9 --> {HERE}'),
        "this is no text in the encoding ASCII: byte 44 does not belong there",
        UTF8,
    ),
    (
        "not-in-utf-16",
        "Q44",
        whole(f'<?xml version="1.0" encoding="UTF-16"?>{HERE}  '),
        "the file declares the encoding 'UTF-16', and it is written in another one",
        "declare the encoding that it has, or save it in UTF-8",
    ),
    ("no-pnml", "Q44", whole(f"<html>{HERE}</html>"), "this is no PNML: its outermost element is <html>", ""),
    (
        "two-nets",
        "Q44",
        whole(f'<pnml><net id="a" type="{PTNET}"/>\n<net id="b" type="{PTNET}"/>{HERE}</pnml>'),
        "there must be one net in the file, not 2",
        "give each net a file of its own",
    ),
    (
        "coloured-net",
        "Q44",
        whole(f'<pnml>\n<net id="n" type="symmetricnet"/>{HERE}</pnml>'),
        "this is no place/transition net, but a net of the type 'symmetricnet'",
        "its type must be http://www.pnml.org/version-2009/grammar/ptnet; unfold a high-level net first",
    ),
    ("no-id", "Q44", net(f"<place/>{HERE}"), "<place> has no id", 'write <place id="...">'),
    (
        "odd-attribute",
        "Q44",
        net(f'<place id="p" capacity="3"/>{HERE}'),
        "the attribute capacity='3' is no part of a place/transition net in <place>",
        "write a capacity as a second place, which holds the room that is left",
    ),
    ("odd-text", "Q44", net(f'<place id="p">3</place>{HERE}'), "text stands in <place>: '3'", "delete it"),
    (
        "odd-namespace",
        "Q44",
        net(f'<x:place xmlns:x="y" id="p"/>{HERE}'),
        "<place> is of another namespace, 'y'",
        PLAIN,
    ),
    (
        "odd-element",
        "Q44",
        net(f'<transition id="t">\n<priority/>{HERE}</transition>'),
        "<priority> is no part of a place/transition net in <transition>",
        PLAIN,
    ),
    (
        "inhibitor-arc",
        "Q44",
        net(f'{NODES}<arc id="a" source="p" target="t">\n<type value="inhibitor"/>{HERE}</arc>'),
        "an arc of the kind 'inhibitor' is no plain arc",
        ARCS,
    ),
    (
        "two-texts",
        "Q44",
        net(f'<place id="p"><initialMarking><text>1</text>\n<text>5</text>{HERE}</initialMarking></place>'),
        "there is a second <text> in <initialMarking>",
        "leave one of them",
    ),
    (
        "id-of-two-lines",
        "Q02",
        net(f'<place id="a&#10;b"/>{HERE}'),
        "'a\\nb' cannot be the id of <place>",
        "give an id of printable characters, without blanks around it",
    ),
    (
        "id-twice",
        "Q01",
        net(f'<place id="p"/>\n<transition id="p"/>{HERE}'),
        "the id 'p' is that of <place> in line 2 already",
        "give every element an id of its own",
    ),
    ("marking-is-no-integer", "Q44", marked("1_0"), "the marking of <place> 'p' is no integer: '1_0'", MARKING),
    (
        "marking-is-too-large",
        "Q16",
        marked("1099511627777"),
        "the marking of <place> 'p' is beyond 1,099,511,627,776: '1099511627777'",
        "use smaller numbers",
    ),
    ("marking-is-negative", "Q44", marked("-1"), "the marking of <place> 'p' is -1, below 0", MARKING),
    ("weight-is-zero", "Q44", weighted("0"), "the weight of <arc> 'a' is 0, below 1", WEIGHT),
    (
        "circle-of-references",
        "Q44",
        net(f'<referencePlace id="a" ref="b"/>{HERE}\n<referencePlace id="b" ref="a"/>'),
        "references go round in a circle",
        "let one name a node",
    ),
    (
        "reference-to-nowhere",
        "Q44",
        net(f'{NODES}\n<referencePlace id="a" ref="t"/>{HERE}'),
        "'t' is no place of the net",
        "name one by its id",
    ),
    (
        "arc-to-nowhere",
        "Q44",
        net(f'{NODES}\n<arc id="a" source="p" target="x"/>{HERE}'),
        "the target of the arc is 'x', which is no node of the net",
        "name a place or a transition by its id",
    ),
    (
        "arc-between-places",
        "Q44",
        net(f'{NODES}\n<arc id="a" source="p" target="q"/>{HERE}'),
        "an arc goes from the place 'p' to the place 'q'",
        "an arc goes from a place to a transition, or back",
    ),
    (
        "arcs-weigh-too-much",
        "Q16",
        net(
            f'{NODES}<arc id="a" source="p" target="t"><inscription><text>1099511627776</text></inscription></arc>\n'
            f'<arc id="b" source="p" target="t"/>{HERE}'
        ),
        "the arcs from 'p' to 't' together weigh more than 1,099,511,627,776",
        "use smaller weights",
    ),
    (
        "place-called-state",
        "Q02",
        bounded(f'<place id="state"/>{HERE}'),
        "a place cannot be called 'state': that is the name of a machine's state",
        "rename it",
    ),
    (
        "bound-too-large",
        "Q16",
        bounded("", bound="pnml.system(net, bound=2**41)"),
        "a bound of 2,199,023,255,552 tokens is beyond 1,099,511,627,776",
        "give a smaller one",
    ),
    (
        "more-tokens-than-numbers",
        "Q16",
        bounded(f'{NODES}{HERE}<arc id="a" source="t" target="q"/>', bound="pnml.system(net, bound=2**40)"),
        "with up to 1,099,511,627,776 tokens in 'q', 't' could put it beyond 1,099,511,627,776",
        "use smaller weights and markings",
    ),
    (
        "unbounded-net",
        "Q13",
        bounded(f'{NODES}{HERE}<arc id="a" source="t" target="q"/>'),
        "n is unbounded: 't' can be fired again and again, each time with more tokens in 'q'",
        "give --bound N to see the markings with at most N tokens in each place",
    ),
    (
        "unbounded-net-found-by-trying",
        "Q13",
        bounded(f'{NODES}{HERE}<arc id="a" source="t" target="q"/>', quick=True),
        "n is unbounded: 't' can be fired again and again, each time with more tokens in 'q'",
        "give --bound N to see the markings with at most N tokens in each place",
    ),
    (
        "many-tokens",
        "Q13",
        bounded(
            '<place id="p"><initialMarking><text>1</text></initialMarking></place><place id="q"/><transition id="t"/>'
            '<arc id="a" source="p" target="t"/><arc id="b" source="t" target="q"><inscription><text>9</text>'
            "</inscription></arc>",
            bound="pnml.bounded(net, most=8)",
            quick=True,
        ),
        "n puts more than 8 tokens into a place",
        "it may be unbounded; give --bound N",
    ),
)

FORMULAS: tuple[Mistake, ...] = (
    (
        "no-formulas",
        "Q44",
        formulas(f"<property-set>{HERE}</property-set>"),
        "this is no file of contest formulas: its outermost element is <property-set>",
        'it must be <property-set xmlns="http://mcc.lip6.fr/">',
    ),
    (
        "no-formula-at-all",
        "Q44",
        formulas(f"{SET}{HERE}</property-set>"),
        "there is no formula in the file",
        "write a <property> for each",
    ),
    (
        "odd-property",
        "Q44",
        property_(f"<propertie/>{HERE}"),
        "<propertie> is no <property>",
        "write a <property> for each formula",
    ),
    ("property-without-id", "Q44", property_(f"<property/>{HERE}"), "the property has 0 ids", "give it one <id>"),
    (
        "property-id-of-two-lines",
        "Q02",
        property_(f"<property><id>a&#10;b</id>{HERE}</property>"),
        "'a\\nb' cannot be an id",
        "give a text of one line",
    ),
    (
        "property-called-domains",
        "Q01",
        property_(f"<property><id>domains</id>{HERE}</property>"),
        "the id 'domains' is that of another property",
        "choose another",
    ),
    (
        "property-without-formula",
        "Q44",
        property_(f"<property><id>f</id></property>{HERE}"),
        "the property has 0 formulas",
        "give it one <formula>",
    ),
    (
        "deep-formula",
        "Q16",
        formula("<next>\n" * 150 + f"<true/>{HERE}\n" + "</next>" * 150),
        "the formula is more than 150 operators deep",
        "",
    ),
    (
        "operator-with-an-attribute",
        "Q44",
        formula(f'<next steps="2"><true/></next>{HERE}'),
        "<next> has no meaning with steps",
        "delete that",
    ),
    (
        "operator-of-another-namespace",
        "Q44",
        formula(f'<x:true xmlns:x="y"/>{HERE}'),
        "<true> is of another namespace, 'y'",
        "",
    ),
    ("too-many-operands", "Q44", formula(f"<next><true/><true/></next>{HERE}"), "<next> has 2 operands, not 1", COUNT),
    (
        "place-that-fires",
        "Q44",
        formula(f"<is-fireable>\n<place>p</place>{HERE}</is-fireable>"),
        "<place> stands in <is-fireable>",
        "name a transition of the net there",
    ),
    (
        "unknown-place",
        "Q44",
        formula(f"<integer-le><tokens-count>\n<place>r</place>{HERE}</tokens-count><true/></integer-le>"),
        "'r' is no place of n",
        "there are: p, q",
    ),
    (
        "truth-as-a-number",
        "Q44",
        formula(f"<integer-le>\n<true/>{HERE}<integer-constant>1</integer-constant></integer-le>"),
        "<true> is no number",
        "write <tokens-count> or <integer-constant> there",
    ),
    (
        "number-that-is-none",
        "Q44",
        formula(f"<integer-le>\n<integer-constant>1.0</integer-constant>{HERE}<integer-constant/></integer-le>"),
        "'1.0' is no integer",
        "write an integer in digits",
    ),
    (
        "number-too-large",
        "Q16",
        formula(f"<integer-le>\n<integer-constant>1099511627777</integer-constant>{HERE}<true/></integer-le>"),
        "the number '1099511627777' is beyond 1,099,511,627,776",
        "no place holds more tokens than that",
    ),
    (
        "unknown-formula",
        "Q44",
        formula(f"<maybe/>{HERE}"),
        "<maybe> is no formula",
        "write a condition there, as <integer-le> or <is-fireable>, or an operator on some",
    ),
    (
        "until-without-a-goal",
        "Q44",
        formula(f"<until><before><true/></before><before><true/></before></until>{HERE}"),
        "in <until> stand <before> and <before>",
        "write one <before> and one <reach>",
    ),
)
