"""A linearisable memory: processors ask for reads and writes, and each request takes effect between call and reply.

Published: tlaplus/Examples, `specifications/SpecifyingSystems/CachingMemory/MCInternalMemory.tla` (manifest.json), 2
processors, 3 addresses, 2 values: 4,408 states, 21,400 generated, depth 10. The interface remembers the last message
and its processor, and starts with an arbitrary but fixed one.

Conversion: TLC counts the eight initial states, one for each content of the memory (21,400 - 8), and levels.
"""

from quiesce import Machine, System, any_value, argument


def internal_memory(*, processors: int = 2, addresses: int = 3, values: int = 2) -> System:
    """Return processors, memory and interface; a buffer holds a request, then the value read, or nothing."""
    contents = [f"v{number}" for number in range(1, values + 1)]
    cells = [f"a{number}" for number in range(1, addresses + 1)]
    reads = {cell: f"read {cell}" for cell in cells}
    writes = {(cell, content): f"write {cell} {content}" for cell in cells for content in contents}
    requests = [*reads.values(), *writes.values()]

    processor = Machine("processor", copies=processors, states=["ready", "busy", "done"])
    buffer = processor.one_of("buffer", requests + contents, optional=True)
    memory, interface = Machine("memory"), Machine("interface")
    at = {cell: memory.one_of(cell, contents, initial=any_value) for cell in cells}
    speaker = interface.one_of("speaker", processor)
    said = interface.one_of("said", requests + contents, optional=True)
    asked = argument("asked", requests)

    processor.calls("request", asked, source="ready", dest="busy", then={buffer: asked})
    interface.on("request", asked, then={speaker: processor.acting, said: asked})
    for cell, request in reads.items():
        processor.step(request, source="busy", dest="done", when=buffer == request, then={buffer: at[cell]})
    for (cell, content), request in writes.items():
        processor.calls(request, source="busy", dest="done", when=buffer == request, then={buffer: None})
        memory.on(request, then={at[cell]: content})
    processor.calls("reply", source="done", dest="ready")
    interface.on("reply", then={speaker: processor.acting, said: buffer[processor.acting]})

    return System("internal memory", processor, memory, interface)
