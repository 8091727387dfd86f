"""`Machine`: states, variables and rows, in the vocabulary of `transitions`. Nothing in it runs: it is a book of
data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from quiesce.core.domains import BOOLEAN, Copy, Domain, Symbols, Value
from quiesce.core.errors import SpecificationError, known
from quiesce.core.expressions import (
    Accepts,
    Acting,
    Constant,
    Expr,
    Fresh,
    Unchanged,
)
from quiesce.core.printing import expression
from quiesce.core.system import STATE, Row, RowKind, Variable
from quiesce.core.system import Machine as MachineData
from quiesce.language.names import usable, wrong
from quiesce.language.places import here
from quiesce.language.refusing import RefusingAll
from quiesce.language.rows import RowOptions, clause_ids, declarations, of_rows, triggers_of
from quiesce.language.terms import Term, VariableTerm, fit, lift, results, truth
from quiesce.language.values import Indexed, Unbounded, domain_of, initial_values, names_of, range_of

MOST_COPIES = 10_000
_FAIRNESS = (None, "weak", "strong")


class Machine(RefusingAll):
    """A life cycle: states, variables, and the rows by which they change.

    `copies=n` makes n interchangeable copies, whose indices have only == and !=. `observer=True` makes a machine that
    watches events, never blocks one, and is read by properties only. `initial` is a state, a list of states, or
    `any_value` (default: the first state). Raises SpecificationError for a name that is not usable (Q02), states or
    copies that cannot be (Q11), an unknown initial state (Q03), or an observer with copies (Q28).
    """

    def __init__(
        self,
        name: str,
        *,
        states: Sequence[Any] | None = None,
        initial: object = None,
        copies: int | None = None,
        observer: bool = False,
    ) -> None:
        usable(name, "machine")
        if copies is not None and (isinstance(copies, bool) or not isinstance(copies, int) or copies < 0):
            raise wrong("Q11", f"{name} cannot have {copies!r} copies", "give a number of copies, 0 or more")
        if copies is not None and copies > MOST_COPIES:
            raise wrong("Q11", f"{name} cannot have more than {MOST_COPIES:,} copies", "check a few of them")
        if not isinstance(observer, bool):
            raise wrong("Q25", f"observer={observer!r} is neither True nor False", "write observer=True")
        if observer and copies is not None:
            raise wrong(
                "Q28", f"the observer {name} has copies", "an observer is one; give it a variable for each case"
            )
        self.name, self.copies, self.observer = name, copies, observer
        self.place = here()
        self._variables: dict[str, Variable] = {}
        self._rows: list[Row] = []
        self._state: VariableTerm | None = None
        if states is not None:
            names = names_of(states, f"the states of {name}", "state")
            for taken, meaning in (("*", "every state (source=)"), ("=", "the same state (dest=)")):
                if taken in names:
                    raise wrong("Q02", f"{taken!r} cannot name a state: it means {meaning}", "choose another name")
            chosen = names[0] if initial is None else initial
            self._state = self._declare(STATE, Symbols(names), chosen)
        elif initial is not None:
            raise wrong("Q25", f"{name} has no states, so initial= has no effect", "give states=[...]")

    @classmethod
    def of(cls, data: MachineData) -> Machine:
        """Return a machine with the variables and rows of data."""
        made = cls(data.name, copies=data.copies, observer=data.observer)
        made.place = data.place
        made._variables = {variable.name: variable for variable in data.variables}
        made._rows = list(data.rows)
        if STATE in made._variables:
            made._state = VariableTerm(data.name, STATE, made._variables[STATE].domain, data.copies)
        return made

    def __repr__(self) -> str:
        return f"<machine {self.name}>"

    def _refused(self) -> SpecificationError:
        return wrong("Q30", f"{self.name} is a machine, not a term", "write machine.state, or variable[copy]")

    # -- variables ----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> VariableTerm:
        """The machine's state as a term; raises SpecificationError (Q04) where it has no states."""
        if self._state is None:
            raise wrong("Q04", f"{self.name} has no states", "give states=[...] when you make it")
        return self._state

    def count(self, name: str, *, up_to: int | Unbounded, initial: object = 0) -> VariableTerm:
        """Declare a number from 0 to `up_to`, both included."""
        return self._declare(name, range_of(0, up_to, f"{self.name}.{name}"), initial)

    def integer(self, name: str, low: int, high: int | Unbounded, *, initial: object = 0) -> VariableTerm:
        """Declare a number from `low` to `high`, both included."""
        return self._declare(name, range_of(low, high, f"{self.name}.{name}"), initial)

    def flag(self, name: str, initial: object = False) -> VariableTerm:
        """Declare a truth value."""
        return self._declare(name, BOOLEAN, initial)

    def one_of(
        self, name: str, values: Iterable[Any] | Indexed, *, optional: bool = False, initial: object = Unbounded
    ) -> VariableTerm:
        """Declare a variable with one of several values: names, numbers, or the copies of a machine.

        `optional` adds None, which is then the initial value; else the first value is.
        """
        domain = domain_of(values, f"{self.name}.{name}", optional=optional)
        if initial is Unbounded:
            if domain.high < domain.low:
                raise wrong("Q11", f"{self.name}.{name} has no values", "give at least one, or optional=True")
            initial = next(domain.values())
        return self._declare(name, domain, initial)

    def _declare(self, name: str, domain: Domain, initial: object) -> VariableTerm:
        is_state = isinstance(name, str) and name == STATE and isinstance(domain, Symbols)
        if not is_state or self._variables or self._state is not None:
            usable(name, "variable")
        if name in self._variables or (name == STATE and self._rows):
            raise wrong("Q01", f"{self.name} has a variable {name!r} already", "choose another name")
        what = f"{self.name}.{name}"
        listed = initial_values(what, domain, initial)
        self._variables[name] = Variable(name=name, domain=domain, initial=tuple(dict.fromkeys(listed)), place=here())
        return VariableTerm(self.name, name, domain, self.copies)

    # -- copies -------------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Copy]:
        """Yield the copies, as indices; raises SpecificationError (Q29) where there are none."""
        if self.copies is None:
            raise wrong("Q29", f"{self.name} has no copies to iterate over", "give copies=n when you make it")
        return iter([Copy(self.name, number) for number in range(self.copies)])

    @property
    def acting(self) -> Term:
        """The copy that takes part in the event; raises SpecificationError (Q29) where the machine has no copies."""
        if self.copies is None:
            raise wrong("Q29", f"{self.name} has no copies, so nobody of it is acting", "give copies=n")
        return Term(Acting(self.name), self.index_domain())

    def index_domain(self) -> Symbols:
        """Return the copies as a domain; raises SpecificationError (Q29) where there are none."""
        return Symbols(tuple(self), of=self.name)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def step(
        self,
        name: str | list[str],
        *arguments: Term,
        source: object = None,
        dest: object = None,
        when: object = True,
        then: Mapping[Any, Any] | None = None,
        every: bool = False,
        fair: Literal["weak", "strong"] | None = None,
        clause: object = None,
    ) -> None:
        """Add a move of the machine's own, with the trigger `machine.name`."""
        options = RowOptions(source, dest, when, then, every, fair, clause)
        for trigger in triggers_of(name):
            self._add(RowKind.STEP, f"{self.name}.{trigger}", arguments, options)

    def calls(
        self,
        trigger: str | list[str],
        *arguments: Term,
        source: object = None,
        dest: object = None,
        when: object = True,
        then: Mapping[Any, Any] | None = None,
        gets: object = None,
        fair: Literal["weak", "strong"] | None = None,
        clause: object = None,
    ) -> None:
        """Add a row that starts an event; `gets` are the results it accepts (default: any)."""
        for name in triggers_of(trigger):
            options = RowOptions(source, dest, when, then, False, fair, clause, gets=results(gets))
            self._add(RowKind.CALLS, name, arguments, options)

    def on(
        self,
        trigger: str | list[str],
        *arguments: Term,
        source: object = None,
        dest: object = None,
        when: object = True,
        then: Mapping[Any, Any] | None = None,
        returns: object = None,
        gets: object = None,
        every: bool = False,
        fair: Literal["weak", "strong"] | None = None,
        clause: object = None,
    ) -> None:
        """Add a row that takes part in an event; `returns` is its result or any of several.

        An observer's row names with `gets` the results it is about. `every` moves all copies by this row.
        """
        for name in triggers_of(trigger):
            options = RowOptions(source, dest, when, then, every, fair, clause, results(returns), results(gets))
            self._add(RowKind.ON, name, arguments, options)

    def drop(self, trigger: str, *, source: object = None, returns: object = None) -> None:
        """Take rows away, so that a variation can write others in their place: how a defect is made.

        Drops the rows for a trigger (a step's full name is `machine.name`), from one of the sources and returning one
        of the results where these are given. Raises SpecificationError (Q05) when there is no such row.
        """
        states, wanted = self._sources(source), results(returns)
        gone = [
            row
            for row in self._rows
            if row.trigger == trigger
            and (states is None or set(states) & set(row.sources or states))
            and (wanted is None or set(wanted) & set(row.returns or ()))
        ]
        if not gone:
            raise wrong(
                "Q05",
                f"{self.name} has no such row for {trigger!r} to drop",
                known(trigger, dict.fromkeys(row.trigger for row in self._rows)),
            )
        self._rows = [row for row in self._rows if not any(row is other for other in gone)]

    def extend(self, rows: Iterable[Row]) -> None:
        """Add rows that another machine like this one has."""
        self._rows += rows

    def _add(self, kind: RowKind, trigger: str, arguments: tuple[Term, ...], given: RowOptions) -> None:
        self._check_options(kind, trigger, given)
        dest = given.dest
        target = None if dest is None or (isinstance(dest, str) and dest == "=") else self._in_states(dest)
        self._rows.append(
            Row(
                kind=kind,
                trigger=trigger,
                arguments=declarations(arguments),
                sources=self._sources(given.source),
                dest=target,
                guard=of_rows(truth(given.when, "when").expr, "when"),
                effects=self._effects({} if given.then is None else given.then, target),
                returns=given.returns,
                gets=given.gets,
                every=given.every,
                fair=given.fair,
                clauses=clause_ids(given.clause),
                place=here(),
            )
        )

    def _check_options(self, kind: RowKind, trigger: str, given: RowOptions) -> None:
        """Refuse options that would be ignored."""
        acts = kind is not RowKind.ON or given.returns is not None or given.every or given.fair is not None
        if self.observer and acts:
            raise wrong(
                "Q28", f"the observer {self.name} tries to act in {trigger!r}", "an observer has on() rows with gets="
            )
        if kind is RowKind.ON and given.gets is not None and not self.observer:
            raise wrong("Q25", f"{self.name} is on {trigger!r} and names gets=", "results come from returns=")
        if not isinstance(given.every, bool):
            raise wrong("Q25", f"every={given.every!r} is neither True nor False", "write every=True")
        if given.every and self.copies is None:
            raise wrong("Q25", f"{self.name} has no copies, so every= has no effect", "leave every= out")
        if not (given.fair is None or isinstance(given.fair, str)) or given.fair not in _FAIRNESS:
            raise wrong("Q25", f"fair={given.fair!r} is no fairness", 'write fair="weak" or fair="strong"')

    def _sources(self, source: object) -> tuple[Value, ...] | None:
        if source is None or (isinstance(source, str) and source == "*"):
            return None
        listed = list(source) if isinstance(source, list | tuple) else [source]
        if not listed:
            raise wrong(
                "Q25", f"a row of {self.name} starts from no state: source=[]", "leave source= out for every state"
            )
        return tuple(self._in_states(state) for state in listed)

    def _in_states(self, state: object) -> Value:
        if self._state is None:
            raise wrong("Q03", f"{self.name} has no states, so none called {state!r}", "give states=[...]")
        checked = fit(Constant(state), self._state.domain, f"{self.name}.{STATE}")  # type: ignore[arg-type]
        assert isinstance(checked, Constant)
        return checked.value

    def _effects(self, then: Mapping[Any, Any], dest: Value | None) -> tuple[tuple[str, Expr], ...]:
        effects: dict[str, Expr] = {}
        if not isinstance(then, Mapping):
            raise wrong("Q35", f"then= is a table, not {then!r}", "write then={variable: value}")
        for key, value in then.items():
            if isinstance(key, Term) and not isinstance(key, VariableTerm):
                raise wrong(
                    "Q34",
                    f"{expression(key.expr)} is not a variable of {self.name}",
                    "a row writes its own copy's variables: then={variable: value}",
                )
            if not isinstance(key, VariableTerm):
                hint = known(key, [name for name in self._variables if name != STATE])
                raise wrong("Q04", f"{key!r} is not a variable of {self.name}: give the term, not its name", hint)
            own = self._variables.get(key.name)
            if key.machine == self.name and (own is None or own.domain != key.domain):
                raise wrong(
                    "Q23",
                    f"{key.name} is a variable of another machine that is called {self.name!r}, too",
                    "give the machines of one file different names",
                )
            if key.machine != self.name:
                raise wrong(
                    "Q23",
                    f"a row of {self.name} cannot write {key.machine}.{key.name}",
                    f"give {key.machine} a row that is on this trigger, and write it there",
                )
            if key.name == STATE and dest is not None:
                raise wrong("Q25", f"{self.name} gets its next state twice", "write dest= or then={state: ...}")
            effects[key.name] = self._effect(key, value)
        return tuple(effects.items())

    def _effect(self, variable: VariableTerm, value: object) -> Expr:
        term = lift(value)
        what = f"{self.name}.{variable.name}"
        if isinstance(term.expr, Constant):
            return fit(term.expr, variable.domain, what)
        if type(term.domain) is not type(variable.domain):
            raise wrong("Q30", f"{what} cannot take {expression(term.expr)}: they are of two kinds")
        if isinstance(term.domain, Symbols) and isinstance(variable.domain, Symbols):
            if term.domain.of and term.domain.of != variable.domain.of:
                raise wrong("Q30", f"{what} cannot take {expression(term.expr)}, an index of {term.domain.of}")
        return of_rows(term.expr, "then")

    # -- predicates for properties ------------------------------------------------------------------------------------

    @property
    def fresh(self) -> Term:
        """True of states in which every variable of every copy has one of its initial values."""
        return Term(Fresh(self.name), BOOLEAN)

    @property
    def unchanged(self) -> Term:
        """True of steps that change no variable of any copy."""
        return Term(Unchanged(self.name), BOOLEAN)

    def accepts(self, trigger: str, *, returns: object = None) -> Term:
        """True of states in which some row for the trigger, returning one of the results, has a true guard."""
        usable(trigger, "trigger")
        return Term(Accepts(self.name, trigger, results(returns)), BOOLEAN)

    def data(self) -> MachineData:
        """Return the machine as frozen data."""
        return MachineData(
            name=self.name,
            copies=self.copies,
            observer=self.observer,
            variables=tuple(self._variables.values()),
            rows=tuple(self._rows),
            place=self.place,
        )
