"""Readers and writers: any number of readers at once, or one writer alone.

Published: Model Checking Contest 2020 (yanntm/pnmcc-models-2020), RwMutex-PT-r0010w0020: 1,044 markings, 10,280
firings; r0010w0100: 1,124 and 10,440. No deadlock.

The net has a token for each reader, and a writer takes them all; here the guards say so. A firing is a pair of
marking and transition, which is a transition of ours.
"""

from quiesce import Machine, System, any_of


def readers_writers(*, readers: int = 10, writers: int = 20) -> System:
    """Return readers and writers that share what they read and write."""
    reader = Machine("reader", copies=readers, states=["idle", "reading"])
    writer = Machine("writer", copies=writers, states=["idle", "writing"])
    reading = any_of(reader.state[r] == "reading" for r in reader)
    writing = any_of(writer.state[w] == "writing" for w in writer)
    reader.step("begin", source="idle", dest="reading", when=~writing)
    reader.step("end", source="reading", dest="idle")
    writer.step("begin", source="idle", dest="writing", when=~reading & ~writing)
    writer.step("end", source="writing", dest="idle")
    system = System("readers and writers", reader, writer)
    system.never("both at once", reading & writing)
    system.no_deadlock()
    return system
