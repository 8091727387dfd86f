"""Compile the kernels to one LLVM text: `python -m quiesce.engines.native.kernels.build [FILE]`.

It needs numba; what runs the text does not. The text is the same for every processor and system: numba is told of a
plain processor, and the text is taken before code is generated, which brings in what only this processor has.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

MODULES = ("graph", "interning", "product", "reading", "search", "stubborn", "symmetry", "table")
PLAIN = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NUMBA_LOOP_VECTORIZE": "0",
    "NUMBA_SLP_VECTORIZE": "0",
}
FILE = Path(__file__).with_name("kernels.ll")
HEAD = "; kernel "
SOURCES = "; sources "
DROPPED = ("target triple", "target datalayout", "source_filename", "; ModuleID")
FREE = "NRT_MemInfo_call_dtor"
"""What frees an array that a kernel made and returned."""
ALLOCATION = """
declare ptr @malloc(i64)
declare void @free(ptr)
define ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 %align) {
  %all = add i64 %size, 128
  %block = call ptr @malloc(i64 %all)
  %none = icmp eq ptr %block, null
  br i1 %none, label %full, label %made
full:
  ret ptr null
made:
  store i64 1, ptr %block
  %behind = getelementptr i8, ptr %block, i64 112
  %number = ptrtoint ptr %behind to i64
  %aligned = and i64 %number, -64
  %data = inttoptr i64 %aligned to ptr
  %place = getelementptr i8, ptr %block, i64 24
  store ptr %data, ptr %place
  %length = getelementptr i8, ptr %block, i64 32
  store i64 %size, ptr %length
  ret ptr %block
}
define void @NRT_MemInfo_call_dtor(ptr %block) {
  call void @free(ptr %block)
  ret void
}
define ptr @NRT_Allocate(i64 %size) {
  %block = call ptr @malloc(i64 %size)
  ret ptr %block
}
define void @NRT_Free(ptr %block) {
  call void @free(ptr %block)
  ret void
}
define void @NRT_decref(ptr %block) noinline {
  %none = icmp eq ptr %block, null
  br i1 %none, label %end, label %counted
counted:
  %before = atomicrmw sub ptr %block, i64 1 acq_rel
  %last = icmp eq i64 %before, 1
  br i1 %last, label %freed, label %end
freed:
  call void @NRT_MemInfo_call_dtor(ptr %block)
  br label %end
end:
  ret void
}
"""
"""What numba's own runtime does for arrays that a kernel makes: a block with its count of references, then the data."""


def digest() -> str:
    """Return what the text is made of, in a word: the sources of all kernels."""
    here = Path(__file__).parent
    files = [
        here.parent / "plans.py",
        *(here / f"{name}.py" for name in (*MODULES, "instructions", "decorators", "build")),
    ]
    return hashlib.sha256(b"\0".join(file.read_bytes().replace(b"\r\n", b"\n") for file in files)).hexdigest()


def text() -> str:
    """Compile all kernels and return the text; what stands first are their names, arguments and results."""
    os.environ.update(PLAIN)
    import llvmlite.binding as llvm

    from quiesce.engines.native.kernels import decorators

    whole = llvm.parse_assembly(ALLOCATION)
    heads = []
    with _taken() as texts:
        for name in MODULES:  # numba compiles callbacks at once
            import_module(f"quiesce.engines.native.kernels.{name}")
        for made in sorted(decorators.KERNELS, key=lambda made: made.name):
            symbol, arguments, result = _compiled(made, decorators)
            module = llvm.parse_assembly(_without_decref(_renamed(texts, symbol, made.name)))
            _hide(module, made.name)
            whole.link_in(module)
            if made.called_by_address:
                whole.link_in(llvm.parse_assembly(_plain(made.name, len(arguments))))
            heads.append(HEAD + json.dumps([made.name, arguments, result]))
    _cleaned(whole, llvm)
    lines = [line for line in str(whole).split("\n") if not line.startswith(DROPPED)]
    return "\n".join([SOURCES + digest(), *heads, *lines])


@contextmanager
def _taken() -> Iterator[list[str]]:
    """Keep the text of every library that numba finishes, as it is before code is generated."""
    from numba.core.codegen import CPUCodeLibrary

    texts: list[str] = []
    before = CPUCodeLibrary._finalize_final_module

    def finish(library: Any) -> None:
        texts.append(str(library._final_module))
        before(library)

    CPUCodeLibrary._finalize_final_module = finish
    try:
        yield texts
    finally:
        CPUCodeLibrary._finalize_final_module = before


def _compiled(made: Any, decorators: Any) -> tuple[str, list[Any], Any]:
    """Compile a kernel; return its symbol, and the shapes of its arguments and its result."""
    types, arguments, result = decorators.signature(made.function)
    made.compiled.compile(types)
    return made.compiled.overloads[types].fndesc.llvm_func_name, arguments, result


def _plain(name: str, count: int) -> str:
    """Return the text of a function of numbers that calls a kernel, which has places for its result and its error."""
    given = ", ".join(f"i64 %{number}" for number in range(count))
    types = ", ".join(["ptr", "ptr", *["i64"] * count])
    return f"""
declare i32 @"{name}"({types})
define i64 @"{name}.called"({given}) {{
  %result = alloca i64
  %error = alloca ptr
  %status = call i32 @"{name}"(ptr %result, ptr %error, {given})
  %value = load i64, ptr %result
  ret i64 %value
}}
"""


def _renamed(texts: list[str], symbol: str, name: str) -> str:
    """Return the text that defines a symbol, under a kernel's name."""
    for found in reversed(texts):
        for quoted in (f'@"{symbol}"', f"@{symbol}"):
            if f"{quoted}(" in found and any(
                line.startswith("define") and f"{quoted}(" in line for line in found.split("\n")
            ):
                return found.replace(f"{quoted}(", f'@"{name}"(').replace(f"{quoted} ", f'@"{name}" ')
    raise LookupError(f"numba made no {name}")


def _without_decref(text: str) -> str:
    """Return a text in which the count of references is declared: numba's own has what only this processor has."""
    found = re.search(r"^define [^\n]*@NRT_decref\(.*?^}\n", text, re.MULTILINE | re.DOTALL)
    if found is None:
        return text
    return f"{text[: found.start()]}declare void @NRT_decref(ptr)\n{text[found.end() :]}"


def _hide(module: Any, name: str) -> None:
    """Let nothing but the kernel be seen from outside: two of them may have helpers of one name."""
    for each in (*module.functions, *module.global_variables):
        if not each.is_declaration and each.name != name:
            each.linkage = "internal"


def _cleaned(whole: Any, llvm: Any) -> None:
    """Drop what nobody calls."""
    for each in whole.functions:
        if each.name.startswith("NRT_") and not each.is_declaration:
            each.linkage = "internal"
    whole.get_function(FREE).linkage = "external"
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(opt=1)
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(1))
    manager = llvm.create_new_module_pass_manager()
    manager.add_global_dead_code_eliminate_pass()
    manager.run(whole, builder)
    whole.verify()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    target.write_text(text(), encoding="utf-8", newline="\n")
    print(f"{target}: {target.stat().st_size:,} bytes")
