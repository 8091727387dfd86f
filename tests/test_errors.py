"""Every mistake that an author can make has an error with a code, the place, and what to write instead.

`CASES` is the table: a mistake as source text, and the whole message that it must give. `# here` marks the line that
the message must name; without a mark the mistake has no line (it is one of the command line, or of a call at run time).
"""

from __future__ import annotations

import ast
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal, NamedTuple

import numpy as np
import pytest

import quiesce
from quiesce import Between, Machine, SpecificationError, System, argument, cli, expectations, library, traceability
from quiesce.bridges import contest, coverability, pnml, promela
from quiesce.bridges.graphs import to_networkx
from quiesce.bridges.live import live
from quiesce.bridges.nets import Net, Transition
from quiesce.commands import checking
from quiesce.core import reference
from quiesce.core.domains import Range
from quiesce.core.errors import CODES, Place, known
from quiesce.core.expressions import Constant
from quiesce.engines.checking import check as search
from quiesce.engines.native.initial import initial_states as native_initial_states
from quiesce.engines.native.journal import Journal
from quiesce.engines.native.store import Store
from quiesce.engines.refinement import fitting, refine
from quiesce.language.asking import question
from quiesce.language.parameters import instantiate
from quiesce.language.systems import unfair, unobserved
from quiesce.show import gallery
from tests import limit_mistakes, net_mistakes
from tests.documents import ROOT

SOURCE = Path(quiesce.__file__).parent
MARK = "# here"

BOOL = (
    "write & for and, | for or, ~ for not, p.implies(q), all_of(...), any_of(...), count_of(...), sum_of(...), "
    "where(p, a, b); put each comparison in parentheses"
)
PARENTHESES = "put each comparison in parentheses: (x == 1) & (y == 2)"
VALUE = "give a term, a bool, an integer, a name or None"
INDEX = "give client a count() to compute with, or make one machine for each number in a Python loop"
SHORT = "give a short text"
CONTROL = "'a\\nb' cannot name an argument: it has a control character"
BROKEN = "see docs/reference.md, “Checks files”"
MODELS = ", ".join(library.models())
VERBS = ", ".join(cli.VERBS)


class Case(NamedTuple):
    """A mistake, and what must be said about it."""

    id: str
    code: str
    mistake: str
    message: str
    hint: str = ""


# What each mistake finds: see `names` below.
CASES = (
    # -- Q01: a name is used twice
    Case(
        "variable-twice",
        "Q01",
        'pool.flag("free")  # here',
        "pool has a variable 'free' already",
        "choose another name",
    ),
    Case(
        "state-is-a-variable-already",
        "Q02",
        'pool.flag("state")  # here',
        "the variable 'state' is the machine's state",
        "declare it with states=[...]",
    ),
    Case(
        "value-twice",
        "Q01",
        'pool.one_of("mode", ["slow", "fast", "slow"])  # here',
        "pool.mode lists slow twice",
        "name each value once",
    ),
    Case(
        "state-twice",
        "Q01",
        'Machine("door", states=["open", "open"])  # here',
        "the states of door lists open twice",
        "name each value once",
    ),
    Case(
        "machine-twice",
        "Q01",
        'second = Machine("pool")  # here\nbuild(pool, second)',
        "two machines of s are called 'pool'",
        "rename one",
    ),
    Case(
        "property-twice",
        "Q01",
        's = System("s", pool)\ns.always("p", True)\ns.never("p", False)  # here',
        "s has a property 'p' already",
        "choose another name",
    ),
    Case(
        "id-twice",
        "Q01",
        's = System("s", pool)\ns.always("p", True, id="P1")\ns.never("q", False, id="P1")  # here',
        "s has a property 'P1' already",
        "choose another name",
    ),
    Case(
        "property-called-domains",
        "Q01",
        'System("s", pool).always("domains", True)  # here',
        "s has a property 'domains' already",
        "choose another name",
    ),
    # -- Q02: a name is not usable
    Case("machine-without-name", "Q02", 'Machine("  ")  # here', "'  ' cannot name a machine", SHORT),
    Case("variable-is-a-number", "Q02", "pool.flag(7)  # here", "7 cannot name a variable", SHORT),
    Case("trigger-without-name", "Q02", 'pool.on("")  # here', "'' cannot name a trigger", SHORT),
    Case("trigger-is-a-term", "Q02", "pool.on(free)  # here", "<term pool.free> cannot name a trigger", SHORT),
    Case(
        "argument-with-newline",
        "Q02",
        'argument("a\\nb", [1])  # here',
        "'a\\nb' cannot name an argument: it has a control character",
        "leave it out",
    ),
    Case(
        "system-without-name",
        "Q02",
        "System(pool)  # here",
        "<machine pool> cannot name a system",
        "give a short text first, then the machines",
    ),
    Case(
        "property-without-name",
        "Q02",
        'System("s", pool).always(free == 1, "p")  # here',
        "<term pool.free == 1> cannot name a property",
        "give a short text first, then the term",
    ),
    Case(
        "live-trigger-state",
        "Q02",
        'pool.on("state")  # here\nlive(build(pool, client))',
        "a live machine has no trigger 'state'",
        "rename it",
    ),
    # -- Q03: an unknown state
    Case(
        "unknown-source",
        "Q03",
        'pool.on("shut", source="opne")  # here',
        "pool has no state 'opne'",
        "did you mean 'open'? there are: open, closed",
    ),
    Case(
        "unknown-source-in-list",
        "Q03",
        'pool.on("shut", source=["open", "gone"])  # here',
        "pool has no state 'gone'",
        "there are: open, closed",
    ),
    Case(
        "unknown-dest",
        "Q03",
        'pool.on("shut", dest="close")  # here',
        "pool has no state 'close'",
        "did you mean 'closed'? there are: open, closed",
    ),
    Case(
        "unknown-state-compared",
        "Q03",
        'pool.state == "shut"  # here',
        "pool has no state 'shut'",
        "there are: open, closed",
    ),
    Case(
        "unknown-state-of-a-copy",
        "Q03",
        'any_of(client.state[c] == "bussy" for c in client)  # here',
        "client[0] has no state 'bussy'",
        "did you mean 'busy'? there are: idle, busy",
    ),
    Case(
        "unknown-state-written",
        "Q03",
        'pool.on("shut", then={pool.state: "shut"})  # here',
        "pool has no state 'shut'",
        "there are: open, closed",
    ),
    Case(
        "unknown-state-first",
        "Q03",
        'Machine("door", states=["open", "shut"], initial="ajar")  # here',
        "door has no state 'ajar'",
        "there are: open, shut",
    ),
    Case(
        "unknown-state-dropped",
        "Q03",
        'pool.drop("shut", source="gone")  # here',
        "pool has no state 'gone'",
        "there are: open, closed",
    ),
    Case(
        "source-without-states",
        "Q03",
        'Machine("plain").on("shut", source="open")  # here',
        "plain has no states, so none called 'open'",
        "give states=[...]",
    ),
    # -- Q04: an unknown variable
    Case(
        "state-of-stateless",
        "Q04",
        'Machine("plain").state  # here',
        "plain has no states",
        "give states=[...] when you make it",
    ),
    Case(
        "variable-by-name",
        "Q04",
        'pool.on("shut", then={"fre": 1})  # here',
        "'fre' is not a variable of pool: give the term, not its name",
        "did you mean 'free'? there are: free, owner",
    ),
    # -- Q05: an unknown trigger
    Case(
        "drop-without-a-row",
        "Q05",
        'pool.on("shut", source="open")\npool.drop("shutt")  # here',
        "pool has no such row for 'shutt' to drop",
        "did you mean 'shut'? there are: shut",
    ),
    Case(
        "drop-with-other-result",
        "Q05",
        'pool.on("shut", returns="yes")\npool.drop("shut", returns="no")  # here',
        "pool has no such row for 'shut' to drop",
        "did you mean 'shut'? there are: shut",
    ),
    Case(
        "observer-of-nothing",
        "Q05",
        'pool.on("shut")\nwatch.on("shutt")  # here\nbuild(pool, watch)',
        "no trigger 'shutt'",
        "did you mean 'shut'? there are: shut",
    ),
    Case(
        "unknown-trigger-happens",
        "Q05",
        'pool.on("shut")\ns = System("s", pool)\ns.never("p", happens("shot"))  # here\ns.build()',
        "no trigger 'shot'",
        "did you mean 'shut'? there are: shut",
    ),
    Case(
        "unknown-trigger-enabled",
        "Q05",
        'pool.step("shut")\ns = System("s", pool)\ns.always("p", enabled("shut"))  # here\ns.build()',
        "no trigger 'shut'",
        "did you mean 'pool.shut'? there are: pool.shut",
    ),
    Case(
        "unknown-trigger-in-rest",
        "Q05",
        'System("s", pool, rest=~enabled("shut")).build()  # here',
        "no trigger 'shut'",
        "there are none here",
    ),
    Case(
        "accepts-what-it-is-never-on",
        "Q05",
        'pool.on("shut")\ns = System("s", pool, client)\ns.never("p", client.accepts("shut"))  # here\ns.build()',
        "client is never on 'shut'",
        "there are: pool",
    ),
    Case(
        "happens-by-no-machine",
        "Q09",
        'happens("take", by="client")  # here',
        "by='client' is no machine",
        "give a machine, or one of its copies: for c in machine",
    ),
    Case(
        "happens-by-who-takes-no-part",
        "Q09",
        'pool.on("shut")\ns = System("s", pool, client)\ns.never("p", happens("shut", by=client))  # here\ns.build()',
        "client takes no part in 'shut'",
        "there are: pool",
    ),
    Case(
        "happens-by-no-copy",
        "Q10",
        'client.calls("shut")\npool.on("shut")\ns = System("s", pool, client)\n'
        's.never("p", happens("shut", by=list(Machine("client", copies=9))[8]))  # here\ns.build()',
        "client has no copy 8",
        "its copies are numbered from 0 to 1",
    ),
    Case(
        "fire-unknown-trigger",
        "Q05",
        'pool.on("shut")\nlive(build(pool, client)).fire("shot")',
        "no trigger 'shot'",
        "did you mean 'shut'? there are: shut",
    ),
    # -- Q06: an unknown result
    Case(
        "gets-and-nobody-returns",
        "Q06",
        'pool.on("take")\nclient.calls("take", gets="yes")  # here\nbuild(pool, client)',
        "client gets 'yes' from 'take', and nobody returns anything",
        "give a row that is on it returns=, or leave gets= out",
    ),
    Case(
        "observer-of-no-such-result",
        "Q06",
        'pool.on("take", returns=["yes", "no"])\nwatch.on("take", gets="ye")  # here\nbuild(pool, client, watch)',
        "'take' has no result 'ye'",
        "did you mean 'yes'? there are: yes, no",
    ),
    Case(
        "no-such-result-happens",
        "Q06",
        'pool.on("take", returns="yes")\ns = System("s", pool, client)\n'
        's.never("p", happens("take", returns=7))  # here\ns.build()',
        "'take' has no result '7'",
        "there are: yes",
    ),
    Case(
        "no-such-result-accepted",
        "Q06",
        'pool.on("take")\ns = System("s", pool, client)\n'
        's.never("p", pool.accepts("take", returns="yes"))  # here\ns.build()',
        "'take' has no result 'yes'",
        "there are none here",
    ),
    # -- Q07: an unknown clause
    Case(
        "clause-is-no-text",
        "Q07",
        'pool.on("shut", clause=6)  # here',
        "6 is not a clause id",
        'write clause="WSP-06" or a list of ids',
    ),
    Case(
        "no-catalogue",
        "Q07",
        'pool.on("shut", clause="POOL-1")  # here\nbuild(pool, client)',
        "no clause 'POOL-1': there is no clauses.toml in this folder or above it",
        "write clauses.toml beside the specification, or leave clause= out",
    ),
    Case(
        "unknown-clause",
        "Q07",
        'file("clauses.toml", "".join(CLAUSE.format(name) for name in ("POOL-1", "POOL-2", "DOOR-1")))\n'
        's = System("s", pool, client)\ns.always("p", True, clause=["POOL-1", "POOL-3"])  # here\ns.build()',
        "no clause 'POOL-3'",
        "did you mean 'POOL-2'? there are: POOL-1, POOL-2",
    ),
    Case(
        "catalogue-without-text",
        "Q07",
        "file('clauses.toml', '[POOL-1]  # here\\nlevel = \"MUST\"\\ncore = true')\n"
        'pool.on("shut", clause="POOL-1")\nbuild(pool, client)',
        "clauses.toml is no catalogue of clauses: 'text'",
        'each clause is a table: [WSP-06] with level = "MUST", core = true, text = "...", source = "..."',
    ),
    Case(
        "clause-of-the-library",
        "Q07",
        'file("clauses.toml", CLAUSE.format("POOL-1"))\nmonkeypatch.setattr(library, "root", Path.cwd)\n'
        'command("list", "POOL-42")',
        "no clause 'POOL-42'",
        "did you mean 'POOL-1'? there are: POOL-1",
    ),
    # -- Q08, Q09: an unknown property or machine
    Case(
        "unknown-property",
        "Q08",
        's = System("s", pool, client)\ns.always("at rest", True)\nsearch(s.build(), properties=["rest"])',
        "no property 'rest' in s",
        "did you mean 'at rest'? there are: at rest, domains",
    ),
    Case(
        "machine-not-given-to-the-system",
        "Q09",
        'client.step("go", when=free > 0)  # here\nbuild(client)',
        "pool is read here, but it is no machine of the system",
        "give it to System(...); there are: client",
    ),
    Case(
        "fresh-of-a-machine-not-given",
        "Q09",
        's = System("s", client)\ns.always("p", pool.fresh)  # here\ns.build()',
        "pool is read here, but it is no machine of the system",
        "give it to System(...); there are: client",
    ),
    Case(
        "draw-unknown-machine",
        "Q09",
        'build(pool, client).machine("clients")',
        "no machine 'clients' in s",
        "did you mean 'client'? there are: pool, client",
    ),
    Case(
        "unknown-live-machine",
        "Q09",
        'live(build(pool, client))["client"]',
        "no live machine 'client'",
        "did you mean 'client[1]'? there are: pool, client[0], client[1]",
    ),
    # -- Q10: a constant outside its domain
    Case(
        "constant-written",
        "Q10",
        'pool.on("take", then={free: 4})  # here',
        "pool.free can never be 4",
        "its values are: 0..3",
    ),
    Case(
        "constant-first",
        "Q10",
        'pool.count("used", up_to=3, initial=[0, -1])  # here',
        "pool.used can never be -1",
        "its values are: 0..3",
    ),
    Case(
        "number-for-a-flag",
        "Q10",
        'client.on("take", then={held: 1})  # here',
        "client.held can never be 1",
        "its values are: false, true",
    ),
    Case(
        "name-compared",
        "Q10",
        'pool.one_of("mode", ["slow", "fast"]) == "faster"  # here',
        "pool.mode can never be faster",
        "its values are: slow, fast",
    ),
    Case(
        "index-compared-with-a-number",
        "Q10",
        "owner == 0  # here",
        "pool.owner can never be 0",
        "its values are: None, client[0], client[1]",
    ),
    Case(
        "live-state-too-short",
        "Q10",
        'live(build(pool), state=("open",))',
        "a state of s has 3 values, not 1",
    ),
    Case(
        "live-state-outside",
        "Q10",
        'live(build(door), state=("ajar",))',
        "door.state can never be ajar",
        "its values are: open, shut",
    ),
    Case(
        "live-event-leaves-a-domain",
        "Q10",
        'door.on("add", then={door.count("n", up_to=0): where(door.state == "open", 1, 0)})\n'
        'live(build(door)).fire("add")',
        "add sets door.n to 1, outside its domain 0..0",
        "nothing has changed; guard the row, or widen the domain",
    ),
    # -- Q11: a domain without values
    Case(
        "copies-below-zero",
        "Q11",
        'Machine("client", copies=-1)  # here',
        "client cannot have -1 copies",
        "give a number of copies, 0 or more",
    ),
    Case(
        "one-of-no-copies",
        "Q11",
        'pool.one_of("guest", Machine("guest", copies=0))  # here',
        "pool.guest has no values",
        "give at least one, or optional=True",
    ),
    Case(
        "one-of-nothing",
        "Q11",
        'pool.one_of("mode", [])  # here',
        "pool.mode has no values",
        "give at least one",
    ),
    Case(
        "bound-is-no-integer",
        "Q11",
        'pool.count("used", up_to=2.5)  # here',
        "pool.used has the bound 2.5",
        "a bound is an integer or unbounded",
    ),
    Case(
        "bounds-the-wrong-way-round",
        "Q11",
        'pool.integer("used", 3, 1)  # here',
        "pool.used has no values: 3..1",
        "raise the upper bound",
    ),
    Case(
        "no-initial-value",
        "Q11",
        'pool.flag("used", initial=[])  # here',
        "pool.used has no initial value",
        "give at least one",
    ),
    Case(
        "argument-with-one-truth-value",
        "Q11",
        'argument("graceful", [True])  # here',
        "graceful has only the truth value True",
        "give both, or use names",
    ),
    Case(
        "states-as-one-string",
        "Q11",
        'Machine("door", states="open")  # here',
        "the states of door are given as one string: 'open'",
        "write a list: ['open']",
    ),
    Case(
        "no-states",
        "Q11",
        'Machine("door", states=[])  # here',
        "the states of door has no values",
        "give at least one",
    ),
    Case(
        "truth-value-among-names",
        "Q11",
        'pool.one_of("mode", ["slow", True])  # here',
        "pool.mode has the truth value True among names",
        "use a flag, or names",
    ),
    # -- Q12: a result that is not a name or a number
    Case(
        "result-is-a-bool",
        "Q12",
        'pool.on("take", returns=[True, False])  # here',
        "a result is a name or a number, not True",
        'write returns="TRUE" for a BOOL that is returned',
    ),
    Case(
        "no-results",
        "Q12",
        'client.calls("take", gets=[])  # here',
        "an empty list of results",
        "leave the option out to accept every result",
    ),
    # -- Q13 to Q16: too much or too little
    Case(
        "unbounded-explored",
        "Q13",
        'pool.count("used", up_to=unbounded)\nsearch(build(pool, client))',
        "pool.used is unbounded, and this search enumerates states",
        "give it a bound (up_to=...)",
    ),
    Case(
        "unbounded-any-value",
        "Q13",
        'pool.count("used", up_to=unbounded, initial=any_value)  # here',
        "pool.used is unbounded, so it cannot start with any value",
        "give up_to= or a list",
    ),
    Case(
        "unbounded-range",
        "Q13",
        "list(Range(0, None).values())",
        "an unbounded count cannot be enumerated",
    ),
    Case(
        "any-value-of-too-many",
        "Q14",
        'pool.count("used", up_to=2**21, initial=any_value)  # here',
        "pool.used has 2,097,153 values, too many to start with any",
        "give a list",
    ),
    Case(
        "too-many-initial-states",
        "Q14",
        'pool.count("a", up_to=1024, initial=any_value)\npool.count("b", up_to=1024, initial=any_value)\n'
        's = System("s", pool, client)  # here\nsearch(s.build())',
        "s has more than 1,048,576 initial states",
        "let a first step choose the values, or give fewer variables several initial values",
    ),
    Case(
        "too-many-initial-states-for-the-reference",
        "Q14",
        'pool.count("a", up_to=1024, initial=any_value)\npool.count("b", up_to=1024, initial=any_value)\n'
        's = System("s", pool, client)  # here\nreference.initial_states(s.build())',
        "s has 1,050,625 combinations of initial values, more than 1,048,576",
        "let a first step choose the values, or give fewer variables several initial values",
    ),
    Case(
        "no-initial-state",
        "Q15",
        's = System("s", pool, client, initially=free == 1)  # here\nnative_initial_states(s.build())',
        "no state of s satisfies `initially`, so every property would hold of nothing",
        "weaken `initially=` or widen the variables' `initial=`",
    ),
    Case(
        "no-initial-state-for-the-reference",
        "Q15",
        's = System("s", pool, client, initially=free == 1)  # here\nreference.initial_states(s.build())',
        "no state of s satisfies `initially`, so every property would hold of nothing",
        "weaken `initially=` or widen the variables' `initial=`",
    ),
    Case(
        "bound-too-large",
        "Q16",
        'pool.count("used", up_to=2**40 + 1)  # here',
        "pool.used goes to 1,099,511,627,777, beyond 1,099,511,627,776",
        "use a smaller domain",
    ),
    Case(
        "product-too-large",
        "Q16",
        'big = pool.count("big", up_to=2**30)\nbig * big  # here',
        "a number beyond 1,099,511,627,776 can come out of *",
        "use smaller domains",
    ),
    # -- Q20 to Q29: rows and events
    Case(
        "call-that-nobody-is-on",
        "Q20",
        'pool.on("take")\nclient.calls("takes")  # here\nbuild(pool, client)',
        "client calls 'takes', but nobody is on it",
        "did you mean 'take'? there are: take",
    ),
    Case(
        "result-that-no-caller-accepts",
        "Q21",
        'pool.on("take", returns=["yes", "no"])  # here\nclient.calls("take", gets="yes")\nbuild(pool, client)',
        "pool returns 'no' for 'take', and no caller accepts it",
        "add it to a caller's gets=, or leave gets= out; there are: yes",
    ),
    Case(
        "two-that-return",
        "Q22",
        'pool.on("take", returns="yes")\ndoor.on("take", returns="no")  # here\nbuild(pool, door)',
        "pool and door both return a result for 'take'",
        "let one machine return it; the other may guard the event",
    ),
    Case(
        "another-machines-variable-written",
        "Q23",
        'client.on("take", then={free: 0})  # here',
        "a row of client cannot write pool.free",
        "give pool a row that is on this trigger, and write it there",
    ),
    Case(
        "caller-on-its-own-call",
        "Q24",
        'client.calls("take")\nclient.on("take")  # here\nbuild(client)',
        "client calls 'take' and is on it too",
        "write what the caller itself does into its calls() row",
    ),
    Case(
        "initial-without-states",
        "Q25",
        'Machine("plain", initial="open")  # here',
        "plain has no states, so initial= has no effect",
        "give states=[...]",
    ),
    Case(
        "gets-of-one-who-is-on",
        "Q25",
        'pool.on("take", gets="yes")  # here',
        "pool is on 'take' and names gets=",
        "results come from returns=",
    ),
    Case(
        "every-without-copies",
        "Q25",
        'pool.on("take", every=True)  # here',
        "pool has no copies, so every= has no effect",
        "leave every= out",
    ),
    Case(
        "unknown-fairness",
        "Q25",
        'pool.on("take", fair="Weak")  # here',
        "fair='Weak' is no fairness",
        'write fair="weak" or fair="strong"',
    ),
    Case(
        "two-next-states",
        "Q25",
        'pool.on("shut", dest="closed", then={pool.state: "open"})  # here',
        "pool gets its next state twice",
        "write dest= or then={state: ...}",
    ),
    Case(
        "argument-with-two-domains",
        "Q26",
        'pool.on("take", argument("n", [1, 2]))  # here\nclient.calls("take", argument("n", [1, 2, 3]))\n'
        "build(pool, client)",
        "the argument 'n' of 'take' has two domains: 1..3 and 1..2",
        "make the argument once and give the same term to both rows",
    ),
    Case(
        "observer-of-no-such-argument",
        "Q26",
        'pool.on("take", kind)\nwatch.on("take", argument("kin", ["hard"]))  # here\nbuild(pool, client, watch)',
        "the observer watch names the argument 'kin', which 'take' does not have",
        "did you mean 'kind'? there are: kind",
    ),
    Case(
        "argument-undeclared",
        "Q26",
        'pool.on("take", when=kind == "soft")  # here\nbuild(pool, client)',
        "pool uses the argument 'kind', and this row does not declare it",
        "write on('take', kind, ...)",
    ),
    Case(
        "argument-in-a-property",
        "Q26",
        's = System("s", pool, client)\ns.always("p", kind == "soft")  # here\ns.build()',
        "the argument 'kind' is not known in 'p'",
        "write happens(trigger, name=value), or let an observer keep it",
    ),
    Case(
        "happens-with-no-such-argument",
        "Q26",
        'pool.on("take", kind)\ns = System("s", pool, client)\ns.never("p", happens("take", kin="soft"))  # here\n'
        "s.build()",
        "'take' does not have the argument 'kin'",
        "did you mean 'kind'? there are: kind",
    ),
    Case(
        "happens-with-no-such-value",
        "Q10",
        'pool.on("take", kind)\ns = System("s", pool, client)\ns.never("p", happens("take", kind="sof"))  # here\n'
        "s.build()",
        "the argument 'kind' of 'take' can never be sof",
        "its values are: soft, hard",
    ),
    Case(
        "observer-read",
        "Q27",
        'pool.on("take", when=seen < 3)  # here\nbuild(pool, client, watch)',
        "a row of pool reads watch.seen, but watch is an observer",
        "only properties read observers; let a machine keep what others need",
    ),
    Case(
        "observer-with-copies",
        "Q28",
        'Machine("books", copies=2, observer=True)  # here',
        "the observer books has copies",
        "an observer is one; give it a variable for each case",
    ),
    Case(
        "observer-steps",
        "Q28",
        'watch.step("look")  # here',
        "the observer watch tries to act in 'watch.look'",
        "an observer has on() rows with gets=",
    ),
    Case(
        "observer-calls",
        "Q28",
        'watch.calls("take")  # here',
        "the observer watch tries to act in 'take'",
        "an observer has on() rows with gets=",
    ),
    Case(
        "observer-returns",
        "Q28",
        'watch.on("take", returns="yes")  # here',
        "the observer watch tries to act in 'take'",
        "an observer has on() rows with gets=",
    ),
    Case(
        "iterate-over-one-machine",
        "Q29",
        "[c for c in pool]  # here",
        "pool has no copies to iterate over",
        "give copies=n when you make it",
    ),
    Case(
        "acting-of-one-machine",
        "Q29",
        "pool.acting  # here",
        "pool has no copies, so nobody of it is acting",
        "give copies=n",
    ),
    Case(
        "index-of-one-machine",
        "Q29",
        "free[client.acting]  # here",
        "pool has no copies, so pool.free takes no index",
    ),
    Case(
        "index-may-be-none",
        "Q29",
        "held[owner]  # here",
        "pool.owner may be none, so held[pool.owner] is not determined",
        "write any_of((pool.owner == c) & (... held[c] ...) for c in client)",
    ),
    Case(
        "acting-takes-no-part",
        "Q29",
        'client.on("give")\npool.on("take", then={owner: client.acting})  # here\nbuild(pool, client)',
        "client.acting in 'take' is not determined: client takes no part in it",
        "name a copy that takes part, or write any_of(... for c in client)",
    ),
    Case(
        "acting-need-not-take-part",
        "Q29",
        'client.calls("take")\ndoor.calls("take")\npool.on("take", then={owner: client.acting})  # here\n'
        "build(pool, client, door)",
        "client.acting in 'take' is not determined: client need not be a single copy in it",
        "name a copy that takes part, or write any_of(... for c in client)",
    ),
    Case(
        "acting-of-all-copies",
        "Q29",
        'client.on("take", every=True)\npool.on("take", then={owner: client.acting})  # here\nbuild(pool, client)',
        "client.acting in 'take' is not determined: client need not be a single copy in it",
        "name a copy that takes part, or write any_of(... for c in client)",
    ),
    Case(
        "copy-not-named-in-a-row",
        "Q29",
        'pool.on("take", when=~held)  # here\nbuild(pool, client)',
        "client.held is not determined here: client has 2 copies",
        "say which: held[client.acting], or all_of(held[c] ... for c in client)",
    ),
    Case(
        "copy-not-named-in-a-property",
        "Q29",
        's = System("s", pool, client)\ns.never("p", held)  # here\ns.build()',
        "client.held is not determined here: client has 2 copies",
        "say which: held[client.acting], or all_of(held[c] ... for c in client)",
    ),
    Case(
        "copy-not-named-in-rest",
        "Q29",
        'System("s", pool, client, rest=client.state == "idle").build()  # here',
        "client.state is not determined here: client has 2 copies",
        "say which: state[client.acting], or all_of(state[c] ... for c in client)",
    ),
    Case(
        "acting-in-a-property",
        "Q29",
        's = System("s", pool, client)\ns.never("p", held[client.acting])  # here\ns.build()',
        "client.acting is not known in 'p': a property is about no copy in particular",
        "write all_of(... for c in client)",
    ),
    Case(
        "live-choice-that-nobody-makes",
        "Q29",
        'door.on("turn", dest="open", returns="a")\ndoor.on("turn", dest="shut", returns="b")\n'
        'live(build(door)).fire("turn")',
        "turn can happen in 2 ways",
        "give result=, by= or arguments, or choose=; the ways are:\n"
        "    turn -> a by door (line 1)\n    turn -> b by door (line 2)",
    ),
    # -- Q30 to Q35: terms
    Case(
        "index-of-another-machine",
        "Q30",
        'guest = Machine("guest", copies=2)\nheld[guest.acting]  # here',
        "the acting guest is not an index of client",
        "index held by a copy of client, as in all_of(held[c] == ... for c in client)",
    ),
    Case(
        "number-as-an-index",
        "Q30",
        "held[0]  # here",
        "0 is not an index of client",
        "index held by a copy of client, as in all_of(held[c] == ... for c in client)",
    ),
    Case(
        "comparison-without-parentheses",
        "Q30",
        'pool.on("take", when=free & 1)  # here',
        "& takes truth values, and pool.free is a number",
        PARENTHESES,
    ),
    Case(
        "guard-is-a-name",
        "Q30",
        'pool.on("take", when="open")  # here',
        "when takes truth values, and open is a name",
        PARENTHESES,
    ),
    Case(
        "property-is-a-number",
        "Q30",
        'System("s", pool).always("p", free)  # here',
        "p takes truth values, and pool.free is a number",
        PARENTHESES,
    ),
    Case(
        "flag-compared-with-a-number",
        "Q30",
        "any_of(held[c] == 1 for c in client)  # here",
        "client[0].held is a truth value and 1 is a number",
        "compare two values of one kind",
    ),
    Case(
        "indices-of-two-machines",
        "Q30",
        'guest = Machine("guest", copies=2)\nowner == guest.acting  # here',
        "pool.owner is an index of client and the acting guest is an index of guest",
        "they can never be equal",
    ),
    Case(
        "order-of-truths",
        "Q30",
        '(free == 1) < (door.state == "open")  # here',
        "truth values have no order: pool.free == 1 < door.state == open",
    ),
    Case(
        "order-of-names",
        "Q30",
        'pool.state < "open"  # here',
        "< takes numbers, and pool.state is a name",
        "names have only == and !=",
    ),
    Case(
        "sum-of-names",
        "Q30",
        "pool.state + 1  # here",
        "+ takes numbers, and pool.state is a name",
        "names have only == and !=",
    ),
    Case(
        "sum-of-truths",
        "Q30",
        "sum_of(held[c] for c in client)  # here",
        "+ takes numbers, and client[0].held is a truth value",
        "write where(p, 1, 0), or count_of(...) to count truths",
    ),
    Case(
        "where-of-two-kinds",
        "Q30",
        "where(free == 0, held, 1)  # here",
        "where gives a truth value or a number: client.held, 1",
        "give two values of one kind",
    ),
    Case(
        "effect-of-another-kind",
        "Q30",
        'pool.on("take", then={free: pool.state})  # here',
        "pool.free cannot take pool.state: they are of two kinds",
    ),
    Case(
        "effect-is-another-index",
        "Q30",
        'guest = Machine("guest", copies=2)\npool.on("take", then={owner: guest.acting})  # here',
        "pool.owner cannot take the acting guest, an index of guest",
    ),
    Case("if", "Q31", "if free == 1:  # here\n    pass", "a term is not a Python bool: pool.free == 1", BOOL),
    Case("and", "Q31", "free > 1 and free < 3  # here", "a term is not a Python bool: pool.free > 1", BOOL),
    Case("or", "Q31", "free == 1 or free == 3  # here", "a term is not a Python bool: pool.free == 1", BOOL),
    Case("not", "Q31", "not (free == 1)  # here", "a term is not a Python bool: pool.free == 1", BOOL),
    Case("chained-comparison", "Q31", "0 < free < 3  # here", "a term is not a Python bool: pool.free > 0", BOOL),
    Case("in-a-list", "Q31", "free in [1, 2]  # here", "a term is not a Python bool: pool.free == 1", BOOL),
    Case("python-max", "Q31", "max(free, 2)  # here", "a term is not a Python bool: pool.free < 2", BOOL),
    Case(
        "index-as-a-number",
        "Q32",
        "owner + 1  # here",
        "pool.owner is an index, not a number: copies are interchangeable and have only == and !=",
        INDEX,
    ),
    Case(
        "index-ordered",
        "Q32",
        "owner < client.acting  # here",
        "pool.owner is an index, not a number: copies are interchangeable and have only == and !=",
        INDEX,
    ),
    Case(
        "copy-as-a-number",
        "Q32",
        "[c + 1 for c in client]",
        "client[0] is an index, not a number: copies are interchangeable and have only == and !=",
        INDEX,
    ),
    Case(
        "copy-as-a-position",
        "Q32",
        '[["a", "b"][c] for c in client]',
        "client[0] is an index, not a number: copies are interchangeable and have only == and !=",
        INDEX,
    ),
    Case(
        "happens-in-when",
        "Q33",
        'pool.on("take", when=happens("give"))  # here',
        "give happens has no meaning in when=",
        "after, happens, enabled, accepts, fresh, unchanged and temporal operators belong to properties",
    ),
    Case(
        "after-in-then",
        "Q33",
        'pool.on("take", then={free: after(free)})  # here',
        "after(pool.free) has no meaning in then=",
        "after, happens, enabled, accepts, fresh, unchanged and temporal operators belong to properties",
    ),
    Case(
        "fresh-in-when",
        "Q33",
        'client.on("take", when=pool.fresh)  # here',
        "pool is fresh has no meaning in when=",
        "after, happens, enabled, accepts, fresh, unchanged and temporal operators belong to properties",
    ),
    Case(
        "unchanged-in-rest",
        "Q33",
        'System("s", pool, rest=pool.unchanged)  # here',
        "pool is unchanged has no meaning in rest, which speaks of states",
    ),
    Case(
        "after-in-initially",
        "Q33",
        'System("s", pool, initially=after(free) == 0)  # here',
        "after(pool.free) has no meaning in initially, which speaks of states",
    ),
    Case(
        "happens-always-possible",
        "Q33",
        'System("s", pool).always_possible("p", happens("take", returns="yes"))  # here',
        "take happens returning yes has no meaning in always_possible, which speaks of states",
    ),
    Case(
        "after-of-after",
        "Q33",
        "after(after(free) + 1)  # here",
        "after() of a term that speaks of a step already: after(pool.free) + 1",
    ),
    Case(
        "expression-written",
        "Q34",
        'pool.on("take", then={free - 1: free})  # here',
        "pool.free - 1 is not a variable of pool",
        "a row writes its own copy's variables: then={variable: value}",
    ),
    Case(
        "copys-variable-written",
        "Q34",
        'client.on("take", then={held[client.acting]: True})  # here',
        "client[the acting client].held is not a variable of client",
        "a row writes its own copy's variables: then={variable: value}",
    ),
    Case(
        "expression-indexed",
        "Q34",
        "[(~held)[c] for c in client]  # here",
        "not client.held is no variable of a machine with copies",
        "index a variable",
    ),
    Case(
        "iterate-over-a-term",
        "Q35",
        "[value for value in free]  # here",
        "a term has no elements: pool.free",
        "iterate over a machine with copies",
    ),
    Case(
        "in-a-term", "Q35", '"open" in pool.state  # here', "a term has no elements: pool.state", "write x.is_in([...])"
    ),
    Case("fraction", "Q35", "free == 1.5  # here", "1.5 is neither a term nor a value", VALUE),
    Case(
        "machine-as-a-value", "Q35", "owner == client  # here", "<machine client> is neither a term nor a value", VALUE
    ),
    Case(
        "all-of-a-number",
        "Q35",
        "all_of(3)  # here",
        "all_of takes terms, not 3",
        "write all_of(... for c in machine)",
    ),
    Case(
        "name-as-an-argument",
        "Q35",
        'pool.on("take", "give")  # here',
        "'give' is not an argument",
        "make one with argument(name, values)",
    ),
    Case(
        "machines-in-a-list",
        "Q35",
        'System("s", [pool, client])  # here',
        "[<machine pool>, <machine client>] is not a machine",
        "System(name, machine, machine, ..., rest=...)",
    ),
    Case(
        "function-returns-nothing",
        "Q35",
        'def model(*, n: int = 2):  # here\n    System("s", pool)\ninstantiate(model)',
        "model returns NoneType, not a System",
        "end it with `return system`",
    ),
    # -- Q40 to Q42: parameters
    Case(
        "parameter-no-number",
        "Q40",
        'instantiate(model, {"n": "two"})',
        "n=two: n is an integer from 1 to 8",
        "its default is 2",
    ),
    Case(
        "parameter-too-large",
        "Q40",
        'instantiate(model, {"n": "9"})',
        "n=9: n is an integer from 1 to 8",
        "its default is 2",
    ),
    Case(
        "parameter-negative",
        "Q40",
        'instantiate(model, {"m": -1})',
        "m=-1: m is an integer, 0 or more",
        "its default is 0",
    ),
    Case(
        "parameter-no-truth",
        "Q40",
        'instantiate(model, {"b": "yes"})',
        "b=yes: b is true or false",
        "its default is False",
    ),
    Case("parameter-no-choice", "Q40", 'instantiate(model, {"c": "z"})', "c=z: c is one of x, y", "its default is x"),
    Case("parameter-no-text", "Q40", 'instantiate(model, {"t": 5})', "t=5: t is a text", "its default is hello"),
    Case(
        "unknown-parameter",
        "Q41",
        'instantiate(model, {"nn": 1})',
        "model has no parameter 'nn'",
        "did you mean 'n'? there are: n, m, b, c, t",
    ),
    Case(
        "parameter-without-a-default",
        "Q42",
        "def model(*, n: int): ...  # here\ninstantiate(model)",
        "the parameter 'n' needs a default and a name",
        "write def model(*, n: int = 2)",
    ),
    Case(
        "parameter-by-position",
        "Q42",
        "def model(n: int = 2): ...  # here\ninstantiate(model)",
        "the parameter 'n' needs a default and a name",
        "write def model(*, n: int = 2)",
    ),
    Case(
        "parameter-without-a-type",
        "Q42",
        "def model(*, n=2): ...  # here\ninstantiate(model)",
        "the parameter 'n' has no usable type",
        "annotate it as int, bool, Literal[...] or Annotated[int, Between(low, high)]",
    ),
    Case(
        "parameter-of-another-type",
        "Q42",
        "def model(*, n: float = 2.0): ...  # here\ninstantiate(model)",
        "the parameter 'n' has no usable type",
        "annotate it as int, bool, Literal[...] or Annotated[int, Between(low, high)]",
    ),
    # -- Q43 to Q47: targets
    Case(
        "no-such-target",
        "Q43",
        'library.find("winsok")',
        "there is no target 'winsok'",
        f"a library model, a file.py or a checks file; did you mean 'winsock'? there are: {MODELS}",
    ),
    Case(
        "no-such-file",
        "Q43",
        'library.find("specs/mine.py")',
        "there is no file specs/mine.py",
        "give a path from the current folder",
    ),
    Case(
        "no-such-module",
        "Q43",
        'library.find("nowhere.mine:model")',
        "there is no target 'nowhere.mine:model': no module 'nowhere.mine' is found",
        f"there are: {MODELS}",
    ),
    Case(
        "no-such-function",
        "Q43",
        'file("mine_43.py", ONE)\nlibrary.find("mine_43.py:modle")',
        "mine_43.py:modle: there is no function 'modle'",
        "did you mean 'model'? there are: model",
    ),
    Case("no-such-checks", "Q43", 'command("mine.toml")', "there is no file mine.toml"),
    Case(
        "unreadable-checks",
        "Q46",
        'Path("mine.toml").write_bytes(b"\\xff")\ncommand("mine.toml")',
        "mine.toml is no UTF-8 text",
        "save it as UTF-8",
    ),
    Case(
        "checks-folder",
        "Q43",
        'Path("mine.toml").mkdir()\nexpectations.read(Path("mine.toml"))',
        "mine.toml cannot be read: Is a directory",
    ),
    Case(
        "syntax-error",
        "Q44",
        'file("mine_44.py", "x = 1\\ndef model(  # here\\n")\nlibrary.find("mine_44.py")',
        "mine_44.py does not load: '(' was never closed",
    ),
    Case(
        "exception-while-loading",
        "Q44",
        'file("mine_44b.py", "x = 1\\ny = x / 0  # here\\n")\nlibrary.find("mine_44b.py")',
        "mine_44b.py does not load: ZeroDivisionError: division by zero",
    ),
    Case(
        "exception-while-building",
        "Q44",
        'file("mine_44c.py", ONE.replace("return", "[][n]  # here\\n    return"))\n'
        'library.find("mine_44c.py").system()',
        "mine_44c.py does not load: IndexError: list index out of range",
    ),
    Case(
        "no-loader",
        "Q44",
        'file("mine_44d.py", ONE)\n'
        'monkeypatch.setattr(library.importlib.util, "spec_from_file_location", lambda *_: None)\n'
        'library.find("mine_44d.py")',
        "mine_44d.py is no Python file",
    ),
    Case(
        "file-without-a-system",
        "Q45",
        'file("mine_45.py", "x = 1")\nlibrary.find("mine_45.py")',
        "mine_45.py has no function that returns a System",
        "write def model(*, clients: int = 2) -> System: ...",
    ),
    Case(
        "file-with-two-systems",
        "Q45",
        'file("mine_45b.py", ONE + ONE.replace("model", "other"))\nlibrary.find("mine_45b.py")',
        "mine_45b.py has several systems",
        "write mine_45b.py:NAME; there are: model, other",
    ),
    Case(
        "checks-are-no-toml",
        "Q46",
        'file("c.toml", "[[check]]\\nmodel = winsock  # here\\n")\nexpectations.read(Path("c.toml"))',
        "Invalid value (at line 2, column 9)",
        BROKEN,
    ),
    Case(
        "checks-with-other-tables",
        "Q46",
        'file("c.toml", "[[checks]]  # here\\n")\nexpectations.read(Path("c.toml"))',
        "there are only tables [[check]], and at least one",
        BROKEN,
    ),
    Case(
        "check-with-an-unknown-key",
        "Q46",
        "checks('modle = \"winsock\"')",
        "a check has no 'modle'",
        "did you mean 'model'? there are: model, parameters, unfair, why, states, transitions, depth, expect",
    ),
    Case(
        "check-without-a-model",
        "Q46",
        "checks('why = \"w\"')",
        'a check needs model = "..."; parameters is a table and why a text',
        BROKEN,
    ),
    Case(
        "check-with-a-count-in-words",
        "Q46",
        'checks(\'model = "m"\\nstates = "many"\')',
        "states is a number",
        BROKEN,
    ),
    Case(
        "check-without-expectation",
        "Q46",
        "checks('model = \"m\"')",
        'a check needs expect = { "PROPERTY" = "holds" } or expect = "holds"',
        BROKEN,
    ),
    Case(
        "check-with-an-unknown-verdict",
        "Q46",
        'checks(\'model = "m"\\nexpect = { p = "hold" }\')',
        "an expected verdict is one of holds, violated, unknown, with a length where there is a trace",
        BROKEN,
    ),
    Case(
        "check-with-a-length-in-words",
        "Q46",
        'checks(\'model = "m"\\nexpect = { p = { verdict = "violated", length = "3" } }\')',
        "a length is a number of steps",
        BROKEN,
    ),
    Case(
        "parameters-of-what-is-made",
        "Q41",
        'quiesce.check(System("s", pool), n=2)',
        "the system s is made already: 'n' does not apply to it",
        "give the function that makes it, and the parameters",
    ),
    Case(
        "option-or-parameter",
        "Q41",
        'file("mine_41.py", "from quiesce import *\\ndef model(*, workers: int = 1) -> System: ...\\n")\n'
        'quiesce.check("mine_41.py", workers=2)',
        "'workers' is an option of check and a parameter of mine_41.py",
        "give the parameter by parameters={'workers': ...}, and the option by workers=",
    ),
    Case(
        "result-as-a-bool",
        "Q31",
        'assert quiesce.check(System("s", pool))',
        "the result of s is not a Python bool",
        "write .holds, or compare .verdict",
    ),
    Case(
        "lint-of-what-was-not-seen",
        "Q48",
        'more = pool.count("more", up_to=1)\npool.step("on", then={more: more + 1})\nquiesce.lint(System("s", pool))',
        "not judged, for not every state was seen",
        "check says why",
    ),
    Case(
        "mutants-that-cannot-be-sent",
        "Q48",
        "import enum\nclass Local(enum.Enum):\n    A = 1\n    B = 2\n"
        'pool.one_of("mode", [Local.A, Local.B])\nquiesce.mutate(System("s", pool), on="processes:2")',
        "the system cannot be sent to other processes: it has values of a class that they cannot import",
        'give a target by its name (file.py:function), or on="here"',
    ),
    Case(
        "no-such-engine",
        "Q48",
        'command("chain", "--engine", "natvie")',
        "unknown engine 'natvie' (choose native or reference)",
    ),
    Case(
        "reference-with-a-reduction",
        "Q48",
        'command("chain", "--engine", "reference", "--por")',
        "the reference engine has no --por",
        "leave it out, or use the native engine",
    ),
    Case(
        "no-such-place-to-work",
        "Q48",
        'command("chain", "--on", "cluster")',
        "--on cluster: give here, processes or processes:N (1 to 256)",
    ),
    Case(
        "more-threads-than-cores",
        "Q48",
        'from quiesce.engines.native import thread_pool\nmonkeypatch.setattr(thread_pool, "all_cores", lambda: 4)\n'
        'command("chain", "--on", "processes:3", "--workers", "2")',
        "--on processes:3 --workers 2: there are 4 cores",
        "give fewer of either",
    ),
    Case(
        "parameter-given-twice",
        "Q41",
        'quiesce.check("chain", starts=1, parameters={"starts": 2})',
        "the parameter 'starts' is given twice",
        "leave one of them out",
    ),
    Case(
        "limit-as-a-parameter",
        "Q41",
        'quiesce.check("chain", max_states=5)',
        "'max_states' is a limit",
        "write limits=Limits(max_states=...)",
    ),
    Case(
        "a-number-as-a-target",
        "Q35",
        "quiesce.check(5)",
        "5 is no target",
        "give a name, a file, a function that returns a System, a System or a Machine",
    ),
    Case(
        "empty-choice-of-properties",
        "Q48",
        'quiesce.check("chain", properties=[])',
        "properties=[]: give one text or several",
        "leave out properties=",
    ),
    Case("checkpoint-nowhere", "Q48", 'quiesce.check("chain", checkpoint="")', "checkpoint='': give a path"),
    Case(
        "no-limit",
        "Q48",
        "quiesce.Limits(max_states=0)",
        "max_states=0: give a number, 1 or more",
    ),
    Case(
        "too-many-workers",
        "Q48",
        'quiesce.check(System("s", pool), workers=1000)',
        "workers=1000: give a number of threads from 0 to 256",
    ),
    Case(
        "module-from-another-place",
        "Q47",
        'import sysconfig\nlibrary.find("winsock")\nstranger = ModuleType("model")\n'
        'stranger.__file__ = sysconfig.get_path("purelib") + "/model.py"\n'
        'monkeypatch.setitem(sys.modules, "model", stranger)\nlibrary.find("winsock")',
        "the module 'model' was found in model.py, not in the library",
        "an installed package has the name 'model', too: use an environment without it",
    ),
    # -- Q48: the command line, drawing, live machines
    Case(
        "unknown-format", "Q48", 'command("winsock", "--format", "xml")', "unknown format 'xml' (choose text or json)"
    ),
    Case(
        "constant-for-checks",
        "Q48",
        'command("c.toml", "-c", "n=1")',
        "-c does not apply to checks files: their rows set it",
        "name a model instead",
    ),
    Case(
        "property-for-checks",
        "Q48",
        'command("c.toml", "--property", "p")',
        "--property does not apply to checks files: their rows set it",
        "name a model instead",
    ),
    Case("all-and-a-target", "Q48", 'command("winsock", "--all")', "--all and a target", "give one of them"),
    Case(
        "option-of-nobody",
        "Q48",
        'command("lint", "chain", "--strickt=1")',
        "there is no option '--strickt'",
        "did you mean '--strict'? there are: -c, --constant, --strict, -h, --help",
    ),
    Case(
        "one-target-too-many",
        "Q48",
        'command("lint", "chain", "winsock")',
        "model-check lint has no use for 'winsock'",
        "model-check lint --help shows what it takes",
    ),
    Case(
        "no-target",
        "Q48",
        'command("lint", "--strict")',
        "model-check lint needs a target",
        "model-check lint --help shows what it takes",
    ),
    Case(
        "option-without-value",
        "Q48",
        'command("chain", "--ask")',
        "argument --ask: expected one argument",
        "model-check check --help shows what it takes; a value that begins with - is written --option=VALUE",
    ),
    Case("no-number", "Q48", 'command("chain", "--workers", "x")', "--workers x: give an integer from 0 to 256"),
    Case(
        "number-too-small", "Q48", 'command("simulate", "chain", "--steps=0")', "--steps 0: give an integer, 1 or more"
    ),
    Case(
        "completion-of-another-shell",
        "Q48",
        'command("--print-completion", "sh")',
        "unknown shell 'sh' (choose bash, zsh or tcsh)",
    ),
    Case(
        "completion-without-its-package",
        "Q48",
        'monkeypatch.setitem(sys.modules, "shtab", None)\ncommand("--print-completion", "bash")',
        "--print-completion needs the package shtab",
        "pip install 'quiesce[completion]'",
    ),
    Case("constant-without-value", "Q48", 'command("winsock", "-c", "n")', "-c n: write -c NAME=VALUE"),
    Case(
        "draw-all-and-a-target",
        "Q48",
        'command("draw", "winsock", "--all")',
        "--all draws the whole library",
        "leave the other options out",
    ),
    Case(
        "matrix-format",
        "Q48",
        'command("matrix", "--format", "xml")',
        "unknown format 'xml' (choose text, json or html)",
    ),
    Case(
        "matrix-into-no-folder",
        "Q48",
        'command("matrix", "-o", "nowhere/matrix.txt")',
        "nowhere/matrix.txt cannot be written: No such file or directory",
    ),
    Case(
        "list-format",
        "Q48",
        'command("list", "chain", "--format", "markdown")',
        "--format markdown: there is text, and markdown for defects",
    ),
    Case(
        "defects-without-text",
        "Q07",
        'file("defects.toml", "[M01]  # here\\nclauses = []\\n")\nmonkeypatch.setattr(library, "root", Path.cwd)\n'
        'monkeypatch.setattr(traceability, "DEFECTS", "defects.toml")\ntraceability.defects()',
        "defects.toml is no catalogue of defects: 'text'",
    ),
    Case(
        "defect-of-no-clause",
        "Q07",
        'file("clauses.toml", "")\nmonkeypatch.setattr(traceability, "DEFECTS", "defects.toml")\n'
        "file(\"defects.toml\", \"[M01]  # here\\ntext = 't'\\nclauses = ['X-1']\\nevidence = 'seen'\\n\")\n"
        'monkeypatch.setattr(library, "root", Path.cwd)\ntraceability.defects()',
        "no clause 'X-1'",
        "there are none here",
    ),
    Case("draw-nothing", "Q48", 'command("draw")', "nothing to draw", "name a target, or give --all"),
    Case(
        "draw-into-no-folder",
        "Q48",
        'file("mine_48.py", ONE)\ncommand("draw", "mine_48.py", "-o", "nowhere/mine.dot")',
        "nowhere/mine.dot cannot be written: No such file or directory",
    ),
    Case(
        "png-on-a-terminal",
        "Q48",
        'file("mine_48b.py", ONE)\nmonkeypatch.setattr(sys.stdout, "isatty", lambda: True)\n'
        'monkeypatch.setattr(gallery, "picture", lambda *_, **__: b"")\n'
        'command("draw", "mine_48b.py", "--format", "png")',
        "a PNG is no text for a terminal",
        "write -o FILE.png",
    ),
    Case(
        "draw-unknown-format",
        "Q48",
        'gallery.picture(library.find("winsock").system(), form="gif")',
        "unknown format 'gif' (choose dot, mermaid, svg or png)",
    ),
    Case(
        "draw-machine-and-space",
        "Q48",
        'gallery.picture(library.find("winsock").system(), machine="client", space=True)',
        "--machine and --space",
        "a state space is of all machines; give one of them",
    ),
    Case(
        "draw-many-initial-states",
        "Q48",
        'file("mine_48c.py", ONE.replace("up_to=n", "up_to=n, initial=any_value"))\n'
        'gallery.picture(library.find("mine_48c.py").system({"n": 300}), space=True)',
        "one has more than 200 states: too many to draw",
        "draw smaller parameters than n=300, or its machines",
    ),
    Case(
        "draw-many-states",
        "Q48",
        'door.step("add", then={(n := door.count("n", up_to=300)): minimum(n + 1, 300)})\n'
        "from quiesce.show.statespace import space\nspace(build(door))",
        "s has more than 200 states: too many to draw",
        "draw a smaller system, or its machines",
    ),
    Case(
        "graph-of-many-states",
        "Q48",
        'pool.step("take", then={free: minimum(free + 1, 3)})\nto_networkx(build(pool), limit=3)',
        "s has more than 3 states: too many for a graph of Python objects",
        "choose smaller parameters, or give a larger limit=",
    ),
    Case(
        "live-inside-an-event",
        "Q48",
        'door.on("turn", dest="shut")\nrunning = live(build(door))\n'
        'running.machines["door"].before_state_change = lambda _: running.fire("turn")\nrunning.fire("turn")',
        "turn cannot happen inside another event",
        "fire it when that is over",
    ),
    Case(
        "live-not-like-this",
        "Q48",
        'door.on("turn", returns="a")\nlive(build(door)).fire("turn", result="b")',
        "turn is not possible like this",
        "the ways are:\n    turn -> a by door (line 1)",
    ),
    Case(
        "live-not-now",
        "Q48",
        'door.on("close", source="shut")\ndoor.on("turn")\nlive(build(door)).fire("close")',
        "close is not possible now",
        "possible now: turn",
    ),
    Case(
        "live-bad-choice",
        "Q48",
        'door.on("turn", returns=["a", "b"])\nlive(build(door), choose=lambda _: None).fire("turn")',
        "choose= gives no way for turn",
        "the ways are:\n    turn -> a by door (line 1)\n    turn -> b by door (line 1)",
    ),
    # -- found by looking for mistakes that ended in a Python traceback, or in nothing
    Case(
        "then-is-a-list",
        "Q35",
        'pool.step("go", then=[(free, 1)])  # here',
        "then= is a table, not [(<term pool.free>, 1)]",
        "write then={variable: value}",
    ),
    Case(
        "no-source-at-all",
        "Q25",
        'pool.step("go", source=[])  # here',
        "a row of pool starts from no state: source=[]",
        "leave source= out for every state",
    ),
    Case("no-trigger-at-all", "Q25", "pool.on([])  # here", "a row without a trigger: []", "name at least one"),
    Case(
        "values-are-a-set",
        "Q11",
        'pool.one_of("mode", {"slow"})  # here',
        "pool.mode: expected a list, not {'slow'}",
        "write a list: its order is the order of the values",
    ),
    Case(
        "remainder",
        "Q30",
        "free % 2  # here",
        "terms have no such operator: pool.free",
        "numbers have + - * and comparisons, minimum(a, b) and maximum(a, b); truth values & | ~",
    ),
    Case(
        "variable-of-a-namesake",
        "Q04",
        'other = Machine("pool").flag("odd")\ns = System("s", pool, client)\ns.always("x", other)  # here\ns.build()',
        "the machine 'pool' of this system has no variable 'odd'",
        "the term is another machine's of the same name; there are: state, free, owner",
    ),
    Case(
        "observed-argument-with-another-domain",
        "Q26",
        'pool.on("go", argument("k", ["a", "b"]))\nwatch.on("go", argument("k", range(3)))  # here\n'
        'System("s", pool, client, watch).build()',
        "the argument 'k' of 'go' has two domains: a, b and 0..2",
        "make the argument once and give the same term to both rows",
    ),
    Case(
        "default-out-of-bounds",
        "Q42",
        "def model(*, n: Annotated[int, Between(1, 8)] = 0) -> System: ...  # here\ninstantiate(model)",
        "the default 0 of 'n' is none of its values",
        "n is an integer from 1 to 8",
    ),
    Case(
        "unknown-annotation",
        "Q42",
        'def model(*, n: "Nope" = 0) -> System: ...  # here\ninstantiate(model)',
        "a parameter of model has an unknown type: name 'Nope' is not defined",
    ),
    Case("check-without-all", "Q48", 'command("draw", "winsock", "--check")', "--check and --into go with --all"),
    Case(
        "pictures-into-a-file",
        "Q48",
        'file("here", "")\ncommand("draw", "--all", "--into", "here")',
        "the pictures cannot be written: File exists",
    ),
    # -- Petri nets and the contest's formulas
    Case("no-such-net", "Q43", 'command("check", "no.pnml")', "no.pnml cannot be read: No such file or directory"),
    *(Case(*mistake) for mistake in limit_mistakes.MISTAKES),
    *(Case(f"net-{id}", *rest) for id, *rest in (*net_mistakes.NETS, *net_mistakes.FORMULAS)),
    Case(
        "no-such-formulas",
        "Q43",
        'list(contest.questions(Path("no.xml")))',
        "no.xml cannot be read: No such file or directory",
    ),
    Case(
        "bound-for-a-model",
        "Q48",
        'command("check", "winsock", "--bound", "2")',
        "--bound and --formulas are for a .pnml net",
    ),
    Case(
        "constant-for-a-net",
        "Q48",
        'command("check", "net.pnml", "-c", "n=2")',
        "-c does not apply to .pnml nets",
    ),
    Case(
        "row-without-a-result",
        "Q21",
        'pool.on("get", source="open", returns="ok")\npool.on("get", source="closed")  # here\n'
        'client.calls("get", gets="ok")\nSystem("s", pool, client).build()',
        "this row of pool returns nothing for 'get', and every caller wants a result",
        "give it returns=, as the machine's other rows have",
    ),
    # -- formulas as text
    Case(
        "formula-with-a-hole",
        "Q49",
        'question(build(pool), "G(pool.state == )")',
        "the formula cannot be read: unexpected ')'",
        "  G(pool.state == )\n"
        "                    ^\n"
        "  here may stand: a name, a number, true, false, none, deadlock, a temporal operator, !, forall, exists, -, "
        "after, (, enabled, happens, accepts\n"
        "  there are: open, closed",
    ),
    Case(
        "formula-nested-too-deeply",
        "Q49",
        'question(build(pool), "!" * 101 + "true")',
        "the formula cannot be read: it is nested more than 100 deep",
        "  …" + "!" * 61 + "true\n" + " " * 65 + "^",
    ),
    Case(
        "formula-of-a-number",
        "Q30",
        'question(build(pool), "G pool.free")',
        "G takes truth values, and pool.free is a number",
        "  G pool.free\n      ^\n  compare it with a value: x == 1",
    ),
    Case(
        "formula-compares-a-run",
        "Q36",
        'question(build(pool), "(F pool.free == 1) == true")',
        "F(pool.free == 1) speaks of runs, where a value of one state is wanted",
        "  (F pool.free == 1) == true\n     ^\n  put the temporal operator around the whole: G(x == 1)",
    ),
    Case(
        "formula-for-all-of-one",
        "Q29",
        'question(build(pool), "forall p in pool: true")',
        "pool has no copies",
        "  forall p in pool: true\n                ^\n  leave forall and its index out",
    ),
    Case(
        "formula-binds-twice",
        "Q01",
        'question(build(pool, client), "forall c in client: exists c in client: true")',
        "c stands for client already",
        "  forall c in client: exists c in client: true\n                               ^\n  rename one",
    ),
    Case(
        "formula-without-a-machine",
        "Q04",
        'question(build(door), "G(state == shut)")',
        "no variable 'state'",
        "  G(state == shut)\n      ^\n  did you mean 'door.state'? there are: door.state",
    ),
    Case(
        "formula-of-no-such-variable",
        "Q04",
        'question(build(pool, client), "G(pool.fre == 1)")',
        "pool has no variable 'fre'",
        "  G(pool.fre == 1)\n           ^\n  did you mean 'free'? there are: state, free, owner, fresh, unchanged",
    ),
    Case(
        "formula-without-an-index",
        "Q29",
        'question(build(pool, client), "G(client.held)")',
        "client.held is not determined: client has 2 copies",
        "  G(client.held)\n             ^\n  write forall c in client: ... client.held[c] ..., or exists",
    ),
    Case(
        "formula-indexed-by-a-number",
        "Q32",
        'question(build(pool, client), "G(client.held[0])")',
        "0 is no index: copies of client are interchangeable",
        "  G(client.held[0])\n                  ^\n  write forall c in client: ... client.held[c] ..., or exists",
    ),
    Case(
        "formula-indexed-by-nothing",
        "Q04",
        'question(build(pool, client), "G(client.held[c])")',
        "no forall or exists binds c",
        "  G(client.held[c])\n                  ^\n  write forall c in client: ... client.held[c] ..., or exists",
    ),
    Case(
        "formula-indexed-by-another",
        "Q30",
        'guest = Machine("guest", copies=2)\nquestion(build(pool, client, guest), "forall g in guest: client.held[g]")',
        "g is a copy of guest, not of client",
        "  forall g in guest: client.held[g]\n                                   ^\n"
        "  write forall c in client: ... client.held[c] ..., or exists",
    ),
    Case(
        "formula-for-a-checks-file",
        "Q48",
        'command("check", "default.toml", "--ask", "true")',
        "--ask does not apply to checks files: their rows set it",
        "name a model instead",
    ),
    # -- how to search
    Case(
        "symmetry-and-partial-order",
        "Q48",
        'command("chain", "--symmetry", "--por")',
        "--symmetry and --por do not work together",
        "give one of them",
    ),
    Case(
        "checkpoint-and-resume",
        "Q48",
        'command("chain", "--checkpoint", "kept", "--resume", "kept")',
        "--checkpoint begins a search and --resume goes on with one",
        "give one",
    ),
    Case(
        "checkpoint-of-two",
        "Q48",
        'command("chain", "winsock", "--checkpoint", "kept")',
        "--checkpoint and --resume are for one model",
        "name one, with -c",
    ),
    Case(
        "no-amount-of-memory",
        "Q48",
        'command("chain", "--memory", "much")',
        "--memory much is no amount of memory",
        "write 4G, 512M or bytes",
    ),
    Case(
        "checkpoint-twice",
        "Q51",
        'command("chain", "--checkpoint", "kept")\ncommand("chain", "--checkpoint", "kept")',
        "kept holds a search already",
        "go on with --resume, or name another folder",
    ),
    Case(
        "nothing-to-resume",
        "Q51",
        'command("chain", "--resume", "kept")',
        "kept holds no search",
        "begin one with --checkpoint",
    ),
    Case(
        "empty-journal",
        "Q51",
        'Path("kept").mkdir()\nfile("kept/journal", "")\ncommand("chain", "--resume", "kept")',
        "kept holds no search",
        "begin one with --checkpoint",
    ),
    Case(
        "checkpoint-in-a-file",
        "Q51",
        'file("used", "")\ncommand("chain", "--checkpoint", "used/kept")',
        "used/kept cannot be written: Not a directory",
        "name another folder",
    ),
    Case(
        "another-search",
        "Q51",
        'command("chain", "--checkpoint", "kept")\ncommand("winsock", "--resume", "kept")',
        "kept holds a search of another system, of other properties or of another version",
        "name the same target, parameters and options, or begin anew with --checkpoint in another folder",
    ),
    Case(
        "mutants-of-what-does-not-hold",
        "Q48",
        'command("mutate", "chain", "-c", "defect=M50")',
        "'resources reach zero' of chain is violated",
        "mutants are judged by the properties that hold: choose other parameters, or mend it",
    ),
    Case(
        "journal-in-no-folder",
        "Q51",
        'command("mutate", "chain", "--journal", "none/judged")',
        "none/judged cannot be kept: No such file or directory",
    ),
    Case(
        "export-into-no-folder",
        "Q48",
        'command("export", "chain", "--to", "promela", "-o", "none/chain.pml")',
        "none/chain.pml cannot be written: No such file or directory",
    ),
    Case(
        "journal-on-a-full-disk",
        "Q51",
        'monkeypatch.setattr(Journal, "write", lambda *_: open("none/x"))\n'
        'command("mutate", "chain", "--journal", "judged")',
        "judged cannot be kept: No such file or directory",
    ),
    Case(
        "journal-in-use",
        "Q51",
        'with closing(Journal(Path("judged"))):\n    command("mutate", "chain", "--journal", "judged")',
        "judged is in use by another process",
        "wait for its end, or name another place",
    ),
    Case(
        "no-such-verb",
        "Q43",
        'cli._with_verb(["serve", "--help"])',
        "there is no verb and no target 'serve'",
        f"verbs are {VERBS}; a target is a file.py, a checks file or one of the library's models: {MODELS}",
    ),
    Case(
        "journal-of-another-campaign",
        "Q51",
        'with closing(Journal(Path("judged"))) as other:\n    other.write({"campaign": "another"})\n'
        'command("mutate", "chain", "--journal", "judged")',
        "judged is of another campaign",
        "name the same target and parameters, or another file",
    ),
    Case(
        "operator-of-nobody",
        "Q30",
        "divmod(free, 2)  # here",
        "terms have no such operator: pool.free",
        "numbers have + - * and comparisons, minimum(a, b) and maximum(a, b); truth values & | ~",
    ),
    Case(
        "machine-as-a-number",
        "Q30",
        "pool + 1  # here",
        "pool is a machine, not a term",
        "write machine.state, or variable[copy]",
    ),
    Case(
        "machine-as-its-state",
        "Q30",
        'pool == "open"  # here',
        "pool is a machine, not a term",
        "write machine.state, or variable[copy]",
    ),
    Case(
        "optional-as-a-word",
        "Q25",
        'pool.one_of("kind", ["soft"], optional="yes")  # here',
        "optional='yes' is neither True nor False",
        "write optional=True",
    ),
    Case(
        "initial-values-without-end",
        "Q14",
        'pool.count("many", up_to=9, initial=range(2**45))  # here',
        "pool.many lists more than 1,048,576 initial values",
        "give a few of them",
    ),
    Case(
        "bound-none",
        "Q11",
        'pool.integer("many", None, 3)  # here',
        "pool.many has the bound None",
        "a bound is an integer or unbounded",
    ),
    Case(
        "argument-of-an-event-as-a-term",
        "Q35",
        'happens("go", kind=kind)  # here',
        "kind=<term kind> is no value of an argument",
        "name one of its values",
    ),
    Case(
        "include-no-system",
        "Q35",
        'System("s", door).include(door, "A")  # here',
        "<machine door> is not a system",
        "include(system, prefix)",
    ),
    Case(
        "include-shares-one-machine",
        "Q35",
        'System("s").include(System("t", door), "A", shared=door)  # here',
        "shared=<machine door> is no list of machines",
        "write shared=[kernel]",
    ),
    Case(
        "include-asks-by-a-word",
        "Q35",
        'System("s").include(System("t", door), "A", asking="PW-01")  # here',
        "asking='PW-01' is no list of ids",
        'write asking=["PL-01"]',
    ),
    Case(
        "inclusion-of-no-term",
        "Q35",
        'System("s").include(System("t", door), "A").term(3)  # here',
        "3 is not a term",
        "give a term of the included system",
    ),
    Case(
        "refines-without-a-table",
        "Q35",
        'System("s", door).refines("abstract", door.state)  # here',
        "<term door.state> is no table",
        'write refines(model, {"machine.variable": term})',
    ),
    Case(
        "include-prefix-twice",
        "Q01",
        'whole = System("whole")\nwhole.include(System("s", door), "A")\nwhole.include(System("s", door), "A")  # here',
        "whole has a system 'A' already",
        "choose another prefix",
    ),
    Case(
        "include-prefix-empty",
        "Q02",
        'System("whole").include(System("s", door), " ")  # here',
        "' ' cannot name a prefix",
        "give a short text",
    ),
    Case(
        "include-unknown-machine",
        "Q04",
        'part = System("whole").include(System("s", door), "A")\npart.machine("dor")  # here',
        "A has no machine 'dor'",
        "did you mean 'door'? there are: door",
    ),
    Case(
        "include-unknown-property",
        "Q08",
        's = System("s", door)\ns.always("open", door.state == "open", id="P")\n'
        'System("whole").include(s, "A", asking=["Q"])  # here',
        "s has no property 'Q'",
        "there are: P",
    ),
    Case(
        "include-shares-a-stranger",
        "Q53",
        'System("whole").include(System("s", door), "A", shared=[Machine("lamp")])  # here',
        "<machine lamp> is no machine of the system A",
        "share machines that it is made of",
    ),
    Case(
        "include-shares-unlike",
        "Q53",
        'other = Machine("door", states=["ajar"])\nwhole = System("whole")\n'
        'whole.include(System("s", door), "A", shared=[door])\n'
        'whole.include(System("s", other), "B", shared=[other])  # here',
        "two inclusions share door, and it is not the same machine in both",
        "make it in the same way, with the same states and variables",
    ),
    Case(
        "refines-no-variable",
        "Q52",
        'System("s", pool).refines("pools", {"free": free})  # here',
        "'free' is no variable of pools",
        'write "machine.variable"',
    ),
    Case(
        "refines-unknown",
        "Q52",
        'concrete = System("concrete", Machine("lamp"))\nconcrete.refines("abstract", {"door.stat": "open"})  # here\n'
        'compared(concrete, System("abstract", door))',
        "abstract has no variable 'door.stat'",
        "did you mean 'door.state'? there are: door.state",
    ),
    Case(
        "refines-unmapped",
        "Q52",
        'concrete = System("concrete", Machine("lamp"))\nconcrete.refines("abstract", {})  # here\n'
        'compared(concrete, System("abstract", door))',
        "door.state of abstract is not mapped",
        "say in the mapping what it is in concrete",
    ),
    Case(
        "refines-another-kind",
        "Q52",
        'concrete = System("concrete", Machine("lamp"))\nconcrete.refines("abstract", {"door.state": 1})  # here\n'
        'compared(concrete, System("abstract", door))',
        "door.state of abstract has values like open, shut, not 1..1",
        "say in the mapping what it is in concrete",
    ),
    Case(
        "refines-nothing",
        "Q52",
        'concrete = System("concrete", door)  # here\ncompared(concrete, concrete)',
        "concrete claims no such refinement",
        "there are: none; write system.refines(model, mapping)",
    ),
    Case(
        "refines-liveness-of-states",
        "Q52",
        'abstract = System("abstract", door)\nabstract.always("open", door.state == "open", id="P")  # here\n'
        'concrete = System("concrete", door)\nconcrete.refines("abstract", {}, liveness=["P"])\n'
        "compared(concrete, abstract)",
        "'open' of abstract is not about states along runs",
        "ask such a property of the concrete system itself",
    ),
    Case(
        "refines-observed",
        "Q52",
        'abstract = System("abstract", door, watch)  # here\nabstract.eventually("seen", seen == 1, id="P")\n'
        'concrete = System("concrete", door)\nconcrete.refines("abstract", {}, liveness=["P"])\n'
        "compared(concrete, abstract)",
        "'seen' of abstract reads an observer, and observers are left out",
    ),
    Case(
        "journal-altered",
        "Q50",
        'command("chain", "--checkpoint", "kept")\ntext = Path("kept/journal").read_text()\n'
        'file("kept/journal", text.replace("identity", "identify"))\ncommand("chain", "--resume", "kept")',
        "kept/journal was altered (line 1)",
        "search again from the beginning",
    ),
    Case(
        "states-cut-short",
        "Q50",
        'command("chain", "--checkpoint", "kept")\nfile("kept/states", "")\ncommand("chain", "--resume", "kept")',
        "kept/states ends too early: its states cannot be trusted",
        "search again from the beginning; if it happens again, look at the disk",
    ),
    Case(
        "states-altered",
        "Q50",
        'command("chain", "--checkpoint", "kept")\nkept = bytearray(Path("kept/states").read_bytes())\nkept[9] ^= 1\n'
        'Path("kept/states").write_bytes(kept)\ncommand("chain", "--resume", "kept")',
        "kept/states was altered (page 0): its states cannot be trusted",
        "search again from the beginning; if it happens again, look at the disk",
    ),
    Case(
        "states-cut-while-searching",
        "Q50",
        'with closing(Store(Path(), Path("states"))) as store:\n    store.append(numbers(9))\n'
        '    file("states", "")\n    store.read(0, 9)',
        "states ends too early: its states cannot be trusted",
        "search again from the beginning; if it happens again, look at the disk",
    ),
    # -- exporting
    Case(
        "export-to-what",
        "Q48",
        'command("export", "chain", "--to", "smv")',
        "unknown language 'smv' (choose promela, murphi or tla)",
    ),
    Case(
        "export-many-initial-states",
        "Q48",
        'pool.count("big", up_to=2000, initial=any_value)\npromela.text(build(pool))',
        "s has 2,001 initial states, too many to export",
        "let a first step choose the values",
    ),
    Case(
        "export-large-numbers",
        "Q48",
        'pool.count("big", up_to=2**40)\npromela.text(build(pool))',
        "pool.big does not fit into Promela's 32 bits",
        "give it smaller bounds",
    ),
    # -- temporal questions
    Case(
        "temporal-always",
        "Q36",
        'System("s", pool).always("p", F(free == 1))  # here',
        "always asks about states and steps, and F(pool.free == 1) speaks of runs",
        "write system.holds('p', ...)",
    ),
    Case(
        "temporal-inside-a-value",
        "Q36",
        'System("s", pool).holds("p", where(F(free == 1), free, 0) == 1)  # here',
        "a temporal operator inside (pool.free if F(pool.free == 1) else 0) == 1, where a value of one state is wanted",
        "combine formulas with & | ~ and .implies(...) only",
    ),
    Case(
        "temporal-guard",
        "Q33",
        'pool.step("s", when=F(free == 1))  # here',
        "F(pool.free == 1) has no meaning in when=",
        "after, happens, enabled, accepts, fresh, unchanged and temporal operators belong to properties",
    ),
    Case(
        "assuming-a-name",
        "Q35",
        'System("s", pool).eventually("p", free == 1, assuming=["take"])  # here',
        "'take' is no assumption",
        'write assuming=[weak("transmit"), strong("grant")]',
    ),
    Case(
        "assuming-an-unknown-trigger",
        "Q05",
        'pool.on("take")\nsystem = System("s", pool)\nsystem.eventually("p", free == 1, assuming=weak("tak"))  # here\n'
        "system.build()",
        "no trigger 'tak'",
        "did you mean 'take'? there are: take",
    ),
    Case(
        "unfair-without-a-fair-row",
        "Q05",
        'pool.on("take", fair="weak")\nunfair(build(pool), ["give"])',
        "no fair row of s is on 'give'",
        "there are: take",
    ),
    Case(
        "unfair-that-is-no-list",
        "Q46",
        """file("c.toml", '[[check]]  # here\\nmodel = "chain"\\nunfair = 1\\n')\nexpectations.read(Path("c.toml"))""",
        "unfair is a list of triggers",
        BROKEN,
    ),
)

UNREACHABLE: tuple[str, ...] = ()
"""Parts of the raise statements that nothing leads to today."""

ONE = """
from quiesce import Machine, System, any_value

def model(*, n: int = 2) -> System:
    machine = Machine("machine", states=["a"])
    machine.count("n", up_to=n)
    return System("one", machine)
"""
CLAUSE = '[{}]\nlevel = "MUST"\ncore = true\ntext = "It holds."\n'


def model(
    *,
    n: Annotated[int, Between(1, 8)] = 2,
    m: int = 0,
    b: bool = False,
    c: Literal["x", "y"] = "x",
    t: str = "hello",
) -> System:
    """Return a system with a parameter of each type."""
    return System("model", Machine("machine", states=["a"]))


def file(name: str, text: str) -> None:
    """Write a file into the current folder."""
    Path(name).write_text(text, encoding="utf-8")


def formula(text: str) -> None:
    """Read a file of formulas for a small net, and raise what is wrong with the first."""
    file("f.xml", text)
    net = Net(name="n", places={"p": 0, "q": 0}, transitions={"t": Transition(takes={}, puts={})})
    (refused,) = contest.read(Path("f.xml"), net)
    assert isinstance(refused, contest.Refused)
    raise refused.problem


def checks(row: str) -> None:
    """Read a checks file with one row."""
    file("checks.toml", f"[[check]]\n{row}\n")
    expectations.read(Path("checks.toml"))


def command(*words: str) -> None:
    """Run the command, and let what it prints of a mistake be raised."""
    cli.answer(list(words))


def raised(problem: object, **_: object) -> None:
    """Stand in for `print` in the command."""
    if isinstance(problem, SpecificationError):
        raise problem


def compared(concrete: System, abstract: System) -> None:
    """Hold a system against one that it claims to refine."""
    built = concrete.build()
    claim = fitting(built, None, [])
    refine(built, claim, unobserved(abstract.build(), claim.liveness))


WAYS = {
    "CLAUSE": CLAUSE,
    "ONE": ONE,
    "ModuleType": ModuleType,
    "Store": Store,
    "numbers": lambda count: np.arange(count, dtype=np.uint64),
    "Path": Path,
    "quiesce": quiesce,
    "checks": checks,
    "cli": cli,
    "Journal": Journal,
    "closing": closing,
    "command": command,
    "compared": compared,
    "Annotated": Annotated,
    "Constant": Constant,
    "contest": contest,
    "coverability": coverability,
    "formula": formula,
    "pnml": pnml,
    "promela": promela,
    "Between": Between,
    "Range": Range,
    "expectations": expectations,
    "file": file,
    "gallery": gallery,
    "traceability": traceability,
    "instantiate": instantiate,
    "library": library,
    "live": live,
    "unfair": unfair,
    "model": model,
    "native_initial_states": native_initial_states,
    "question": question,
    "reference": reference,
    "search": search,
    "sys": sys,
    "to_networkx": to_networkx,
}
"""What the text of a mistake may use besides the language and the machines."""


def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return what the text of a mistake may use: the language, some machines, and ways to what else can fail."""
    pool = Machine("pool", states=["open", "closed"])
    door = Machine("door", states=["open", "shut"])
    client = Machine("client", copies=2, states=["idle", "busy"])
    watch = Machine("watch", observer=True)
    machines = {
        "pool": pool,
        "door": door,
        "client": client,
        "watch": watch,
        "free": pool.count("free", up_to=3),
        "owner": pool.one_of("owner", client, optional=True),
        "held": client.flag("held"),
        "seen": watch.count("seen", up_to=3),
        "kind": argument("kind", ["soft", "hard"]),
        "build": lambda *given: System("s", *given).build(),
    }
    language = {name: getattr(quiesce, name) for name in quiesce.__all__}
    return language | machines | WAYS | {"monkeypatch": monkeypatch}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Case], SpecificationError]]:
    """Give a function that makes a mistake and returns its error; the mistake is a file in a folder of its own."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(checking, "print", raised, raising=False)
    loaded = set(sys.modules)

    def make(case: Case) -> SpecificationError:
        (tmp_path / case.id).mkdir()
        monkeypatch.chdir(tmp_path / case.id)
        place = Path.cwd() / "mistake.py"
        place.write_text(case.mistake, encoding="utf-8")
        code = compile(case.mistake, str(place), "exec", dont_inherit=True)
        with pytest.raises(SpecificationError) as caught, monkeypatch.context() as patch:
            exec(code, names(patch))
        return caught.value

    yield make
    for name in set(sys.modules) - loaded:
        if name.startswith("mine_"):
            del sys.modules[name]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_mistake_is_told(case: Case, told: Callable[[Case], SpecificationError]) -> None:
    """A mistake gives its code, the whole message, the line that is wrong, and what to write instead."""
    error = told(case)
    assert (error.code, error.message, error.hint) == (case.code, case.message, case.hint)
    expected = [f"{case.code} {case.message}", *([f"  {case.hint}"] if case.hint else [])]
    if MARK in case.mistake or case.mistake.startswith("checks("):
        assert error.place is not None
        line = Path(error.place.file).read_text(encoding="utf-8").splitlines()[error.place.line - 1].strip()
        assert MARK in line or line == "[[check]]"
        expected[0] = f"{Path(error.place.file).name}:{error.place.line}: {expected[0]}"
        expected.insert(1, f"    {line}")
    else:
        assert error.place is None
    assert str(error) == "\n".join(expected)


def test_cases_are_told_apart() -> None:
    """No two cases have the same id, and each marks one line at most."""
    assert len({case.id for case in CASES}) == len(CASES)
    assert all(case.mistake.count(MARK) <= 1 for case in CASES)


# -- nothing is left out ---------------------------------------------------------------------------------------------


class Site(NamedTuple):
    """A statement that raises a user's mistake."""

    file: str
    first: int
    last: int
    text: str


@cache
def sites() -> tuple[Site, ...]:
    """Return every `raise` of a SpecificationError in the package, models aside: made there or by a function."""
    models = {SOURCE / "library" / folder for folder in ("spec", "model")}  # which an installed package holds too
    files = [file for file in sorted(SOURCE.rglob("*.py")) if file.parent not in models]
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    makers = {"SpecificationError"}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.returns and ast.unparse(node.returns) in makers:
                makers.add(node.name)
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & makers:
                makers.add(node.name)
    return tuple(
        Site(file.relative_to(SOURCE).as_posix(), node.lineno, node.end_lineno or node.lineno, ast.unparse(node))
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and ast.unparse(node.exc.func).rpartition(".")[2] in makers
    )


def raised_at(error: SpecificationError) -> Site:
    """Return the statement that raised an error first."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    assert step is not None
    name, line = Path(step.tb_frame.f_code.co_filename).relative_to(SOURCE).as_posix(), step.tb_lineno
    (site,) = [site for site in sites() if site.file == name and site.first <= line <= site.last]
    return site


def test_a_mistake_that_another_process_finds_is_the_same(told: Callable[[Case], SpecificationError]) -> None:
    """An error comes out of another process with its code, place, hint and text."""
    for case in CASES[:: len(CASES) // 20]:
        error = told(case)
        other = pickle.loads(pickle.dumps(error))
        assert (other.code, other.place, other.hint, str(other)) == (error.code, error.place, error.hint, str(error))


def test_a_model_refuses_parameters_that_do_not_go_together() -> None:
    """From version 1.1 to 1.0 there is none."""
    with pytest.raises(SpecificationError, match="no version is from 1 to 0") as caught:
        library.find("starting").system({"highest": 0})
    assert caught.value.code == "Q40"


def test_every_raise_is_reached(told: Callable[[Case], SpecificationError]) -> None:
    """Every statement of the source that raises a user's mistake is reached by a case, or known to be out of reach."""
    reached = {raised_at(told(case)) for case in CASES}
    missing = {site for site in sites() if site not in reached}
    unreachable = {site for site in missing if any(text in site.text for text in UNREACHABLE)}
    assert [f"{site.file}:{site.first}: {site.text}" for site in sorted(missing - unreachable)] == []
    assert len(unreachable) == len(UNREACHABLE)


def documented() -> list[tuple[str, str, str]]:
    """Return (code, meaning, typical message) of every row of the document's tables."""
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = re.finditer(r"^\| (Q\d\d) \| (.+?) \| (``?)(.+?)\3 \| .+ \|$", text, re.MULTILINE)
    return [(row[1], row[2], row[4]) for row in rows]


def test_codes_are_the_same_everywhere() -> None:
    """The table of codes, the document and these cases have the same codes; the document says what the table says."""
    assert [(code, meaning) for code, meaning, _ in documented()] == list(CODES.items())
    assert {case.code for case in CASES} == set(CODES)


def test_document_shows_real_messages() -> None:
    """Every typical message in the document is one that a case gives, under the same code."""
    given = {(case.code, case.message) for case in CASES}
    assert [(code, message) for code, _, message in documented() if (code, message) not in given] == []


def test_codes_are_raised_and_listed() -> None:
    """Every code of the table is written somewhere in the source, and every code written there is in the table."""
    written = {
        code
        for file in SOURCE.rglob("*.py")
        if file != SOURCE / "core" / "errors.py"
        for code in re.findall(r'"(Q\d\d)"', file.read_text(encoding="utf-8"))
    }
    assert written == set(CODES)


# -- the parts of a message ------------------------------------------------------------------------------------------


def test_hint_lists_what_exists() -> None:
    """A hint names the likely word first, lists 24 names at most, and says so where there are none."""
    assert known("opne", ["open", "closed"]) == "did you mean 'open'? there are: open, closed"
    assert known("x", ["open", "closed"]) == "there are: open, closed"
    assert known("x", []) == "there are none here"
    assert known("x", map(str, range(24))).endswith("22, 23")
    assert known("x", map(str, range(26))).endswith("22, 23 and 2 more")
    assert known("x", map(str, range(25))).endswith("22, 23 and 1 more")
    assert known("x", map(str, range(24))).endswith("22, 23")


def test_place_is_shown_from_the_current_or_the_content_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A place is shown relative to the current folder, else from the content folder on, else by the file's name."""
    monkeypatch.chdir(tmp_path)
    here, away = Path.cwd(), Path.cwd().parent / "away"
    assert str(Place(str(here / "sub" / "mine.py"), 3)) == "sub/mine.py:3"
    assert str(Place(str(away / "spec" / "winsock.py"), 4)) == "spec/winsock.py:4"
    assert str(Place(str(away / "other" / "mine.py"), 5)) == "mine.py:5"


def test_place_without_a_line_to_show(tmp_path: Path) -> None:
    """Where the file or the line is not there, a message has no source line, and is given all the same."""
    (tmp_path / "short.py").write_text("x = 1\n", encoding="utf-8")
    assert Place(str(tmp_path / "short.py"), 1).source_line() == "x = 1"
    assert Place(str(tmp_path / "short.py"), 9).source_line() is None
    missing = Place(str(tmp_path / "missing.py"), 1)
    assert str(SpecificationError("Q31", "m", place=missing, hint="h")) == "missing.py:1: Q31 m\n  h"
