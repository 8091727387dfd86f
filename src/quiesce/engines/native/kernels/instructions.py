"""Single machine instructions for the kernels: memory behind addresses, atomic operations, one line compared at once.

Kernels hand memory to each other as addresses, not as numba arrays: numba counts references to an array at every call
that it inlines, and these atomic operations took two thirds of the search. The array behind an address must be the
caller's: one that a kernel makes is freed after its last use, and taking its address is one.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from quiesce.engines.native.plans import LINE

BYTE, HALF, WORD = ir.IntType(8), ir.IntType(32), ir.IntType(64)
UNSIGNED = {8: types.uint8, 32: types.uint32, 64: types.uint64}


def _place(builder: Any, base: Any, index: Any, integer: Any) -> Any:
    return builder.gep(builder.inttoptr(base, integer.as_pointer()), [index])


def memory(width: int) -> tuple[Any, Any]:
    """Make the pair (load, store) of unsigned integers of a width: element `index` behind an address."""
    integer, unsigned = ir.IntType(width), UNSIGNED[width]

    @intrinsic
    def load(typingctx, base, index):
        def code(context, builder, signature, arguments):
            base, index = arguments
            return builder.load(_place(builder, base, index, integer))

        return unsigned(types.int64, types.int64), code

    @intrinsic
    def store(typingctx, base, index, value):
        def code(context, builder, signature, arguments):
            base, index, value = arguments
            builder.store(value, _place(builder, base, index, integer))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, unsigned), code

    return load, store


def claiming(width: int) -> Any:
    """Make `claim(address, value)`: store a value where 0 stood, or return False and leave what stands there."""
    integer, unsigned = ir.IntType(width), UNSIGNED[width]

    @intrinsic
    def claim(typingctx, address, value):
        def code(context, builder, signature, arguments):
            place = builder.inttoptr(arguments[0], integer.as_pointer())
            exchanged = builder.cmpxchg(place, integer(0), arguments[1], "acq_rel", "acquire")
            return builder.extract_value(exchanged, 1)

        return types.boolean(types.int64, unsigned), code

    return claim


def scanning(width: int) -> Any:
    """Make `scan(address, value)` of a line: bit i tells whether slot i holds the value, bit 16 + i whether it is 0."""
    lanes = LINE * 8 // width
    integer, unsigned = ir.IntType(width), UNSIGNED[width]
    vector = ir.VectorType(integer, lanes)

    @intrinsic
    def scan(typingctx, address, value):
        def code(context, builder, signature, arguments):
            line = builder.load(builder.inttoptr(arguments[0], vector.as_pointer()), align=LINE)
            one = builder.insert_element(ir.Constant(vector, ir.Undefined), arguments[1], HALF(0))
            mask = ir.Constant(ir.VectorType(HALF, lanes), [HALF(0)] * lanes)
            every = builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), mask)

            def bits(other: Any) -> Any:
                equal = builder.icmp_unsigned("==", line, other)
                return builder.zext(builder.bitcast(equal, ir.IntType(lanes)), WORD)

            empty = bits(ir.Constant(vector, [integer(0)] * lanes))
            return builder.or_(bits(every), builder.shl(empty, WORD(16)))

        return types.uint64(types.int64, unsigned), code

    return scan


def calling(arguments: int) -> Any:
    """Make `call(address, ...)`: call a function of some 64-bit numbers at an address; it returns one."""
    kind = ir.FunctionType(WORD, [WORD] * arguments)

    def code(context, builder, signature, given):
        return builder.call(builder.inttoptr(given[0], kind.as_pointer()), given[1:])

    @intrinsic
    def call_four(typingctx, address, a, b, c, d):
        return types.int64(*[types.int64] * 5), code

    @intrinsic
    def call_six(typingctx, address, a, b, c, d, e, f):
        return types.int64(*[types.int64] * 7), code

    return {4: call_four, 6: call_six}[arguments]


@intrinsic
def expand(typingctx, address, state, successors, info):
    """Call the compiled `expand` at an address."""

    def code(context, builder, signature, arguments):
        pointer = ir.FunctionType(WORD, [WORD, WORD, WORD]).as_pointer()
        return builder.call(builder.inttoptr(arguments[0], pointer), arguments[1:])

    return types.int64(types.int64, types.int64, types.int64, types.int64), code


@intrinsic
def prefetch(typingctx, address):
    """Ask for the cache line at an address, for writing."""

    def code(context, builder, signature, arguments):
        kind = ir.FunctionType(ir.VoidType(), [BYTE.as_pointer(), HALF, HALF, HALF])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        place = builder.inttoptr(arguments[0], BYTE.as_pointer())
        builder.call(function, [place, HALF(1), HALF(3), HALF(1)])
        return context.get_dummy_value()

    return types.void(types.int64), code


@intrinsic
def add_to(typingctx, address, amount):
    """Add to a 64-bit number that threads share, and return what it was before."""

    def code(context, builder, signature, arguments):
        place = builder.inttoptr(arguments[0], WORD.as_pointer())
        return builder.atomic_rmw("add", place, arguments[1], "acq_rel")

    return types.int64(types.int64, types.int64), code


@intrinsic
def publish(typingctx, address, value):
    """Store 32 bits so that who sees them sees everything that was stored before."""

    def code(context, builder, signature, arguments):
        place = builder.inttoptr(arguments[0], HALF.as_pointer())
        builder.store_atomic(arguments[1], place, "release", 4)
        return context.get_dummy_value()

    return types.void(types.int64, types.uint32), code


@intrinsic
def release(typingctx, address):
    """Store 0 in a word that was claimed, so that who claims it next sees everything that was stored before."""

    def code(context, builder, signature, arguments):
        place = builder.inttoptr(arguments[0], WORD.as_pointer())
        builder.store_atomic(WORD(0), place, "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64), code


@intrinsic
def upper_product(typingctx, left, right):
    """Return the upper 64 bits of the product of two words."""

    def code(context, builder, signature, arguments):
        double = ir.IntType(128)
        product = builder.mul(*[builder.zext(argument, double) for argument in arguments])
        return builder.trunc(builder.lshr(product, double(64)), WORD)

    return types.uint64(types.uint64, types.uint64), code


@intrinsic
def first_bit(typingctx, bits):
    """Return the position of the lowest set bit of a word that is not 0."""

    def code(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.uint64), code


get, put = memory(64)
get_number, put_number = memory(32)
claim_number, claim_word = claiming(32), claiming(64)
scan_numbers, scan_words = scanning(32), scanning(64)
call_four, call_six = calling(4), calling(6)
