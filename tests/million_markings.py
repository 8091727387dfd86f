"""A net of a million markings with 64 formulas in the contest's XML: `python -m tests.million_markings FOLDER`.

Ten rings of four places, one token in each: 4^10 markings, and in each marking one transition of each ring.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from random import Random

from quiesce.bridges import contest, pnml
from quiesce.core.result import Verdict
from quiesce.engines.checking import check
from quiesce.language.systems import asking

RINGS, PLACES = 10, 4
EACH = 16
"""Formulas in a file, as in the contest."""


def net() -> str:
    """Return the net in PNML."""
    nodes = []
    for ring in range(RINGS):
        for place in range(PLACES):
            here, there, go = f"p{ring}_{place}", f"p{ring}_{(place + 1) % PLACES}", f"t{ring}_{place}"
            token = "<initialMarking><text>1</text></initialMarking>" if place == 0 else ""
            nodes.append(f'<place id="{here}">{token}</place><transition id="{go}"/>')
            nodes.append(f'<arc id="a{go}" source="{here}" target="{go}"/>')
            nodes.append(f'<arc id="b{go}" source="{go}" target="{there}"/>')
    kind = "http://www.pnml.org/version-2009/grammar/ptnet"
    head = '<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml">'
    return f'{head}<net id="rings" type="{kind}"><page id="p">{"".join(nodes)}</page></net></pnml>'


class Formulas:
    """Random formulas of one kind of the contest."""

    def __init__(self, logic: str, kind: str, seed: int) -> None:
        self.ctl, self.kind, self.random = logic == "CTL", kind, Random(seed)

    def formula(self, depth: int) -> str:
        """Return a formula of some depth."""
        chance = self.random.random()
        if depth == 0 or chance < 0.1:
            return self.atom()
        if chance < 0.2:
            return f"<negation>{self.formula(depth - 1)}</negation>"
        left, right = self.formula(depth - 1), self.formula(depth - 1)
        if chance < 0.4:
            word = self.random.choice(["conjunction", "disjunction"])
            return f"<{word}>{left}{right}</{word}>"
        word = self.random.choice(["finally", "globally", "next", "until"])
        until = f"<until><before>{left}</before><reach>{right}</reach></until>"
        path = until if word == "until" else f"<{word}>{left}</{word}>"
        quantifier = self.random.choice(["all-paths", "exists-path"])
        return f"<{quantifier}>{path}</{quantifier}>" if self.ctl else path

    def atom(self) -> str:
        """Return a predicate: whether some transitions are fireable, or a comparison of token counts."""
        names = [f"{self.random.randrange(RINGS)}_{self.random.randrange(PLACES)}" for _ in range(4)]
        if self.kind == "Fireability":
            return f"<is-fireable>{''.join(f'<transition>t{name}</transition>' for name in names)}</is-fireable>"
        left, right = (
            f"<tokens-count>{''.join(f'<place>p{name}</place>' for name in half)}</tokens-count>"
            for half in (names[:2], names[2:])
        )
        return f"<integer-le>{left}{right}</integer-le>"

    def file(self) -> str:
        """Return a file of formulas; those of LTL speak of all paths."""
        found = [self.formula(4) for _ in range(EACH)]
        listed = found if self.ctl else [f"<all-paths>{formula}</all-paths>" for formula in found]
        body = "".join(
            f"<property><id>{number}</id><formula>{formula}</formula></property>"
            for number, formula in enumerate(listed)
        )
        return f'<property-set xmlns="http://mcc.lip6.fr/">{body}</property-set>'


def main(folder: Path) -> None:
    """Check the net against all formulas; print markings, firings, answers, those that hold, and the peak in KiB."""
    (folder / "net.pnml").write_text(net(), encoding="utf-8")
    asked = []
    for number, (logic, kind) in enumerate(
        (logic, kind) for logic in ("CTL", "LTL") for kind in ("Fireability", "Cardinality")
    ):
        file = folder / f"{logic}{kind}.xml"
        file.write_text(Formulas(logic, kind, number).file(), encoding="utf-8")
        asked += list(contest.questions(file))
    closed = pnml.system(pnml.read(folder / "net.pnml"), bound=1)
    result = check(asking(closed, asked), explained=False, linted=False)
    holding = sum(answer.verdict is Verdict.HOLDS for answer in result.properties)
    unknown = sum(answer.verdict is Verdict.UNKNOWN for answer in result.properties)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(result.states, result.transitions, len(asked), holding, unknown, peak)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
