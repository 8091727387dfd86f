"""Python's operators that mean nothing here: each is refused at the author's line, with what there is instead."""

from __future__ import annotations

from typing import NoReturn

from quiesce.core.errors import SpecificationError


class Refusing:
    """What has none of the operators that neither terms nor machines have."""

    __slots__ = ()

    def _refused(self) -> SpecificationError:
        """Return what is said to an operator."""
        raise NotImplementedError

    def _refuse(self, *_others: object) -> NoReturn:
        raise self._refused()

    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _refuse
    __xor__ = __rxor__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __matmul__ = __rmatmul__ = _refuse
    __divmod__ = __rdivmod__ = __round__ = __trunc__ = __floor__ = __ceil__ = __pos__ = __abs__ = _refuse
    __int__ = __index__ = __float__ = __complex__ = __setitem__ = __delitem__ = _refuse

    def __format__(self, layout: str) -> str:
        return format(str(self), layout)


class RefusingAll(Refusing):
    """What has no operator at all, and is equal to itself alone."""

    __hash__ = object.__hash__

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = Refusing._refuse
    __and__ = __rand__ = __or__ = __ror__ = __invert__ = Refusing._refuse
    __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = Refusing._refuse

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if other is not None and not isinstance(other, type(self)):
            raise self._refused()
        return self is other
