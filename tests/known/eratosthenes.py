"""The sieve of Eratosthenes as a Petri net: any number that is still there may strike out one of its multiples.

Published: Model Checking Contest 2020, Eratosthenes-PT-020 (yanntm/pnmcc-models-2020): 2,048 markings, 23,040
firings; the only deadlock is the primes. A firing is a pair of marking and transition, which is a transition of ours.
"""

from quiesce import Machine, System, all_of


def eratosthenes(*, limit: int = 20) -> System:
    """Return the numbers from 2 to the limit."""
    sieve = Machine("sieve")
    numbers = range(2, limit + 1)
    there = {number: sieve.flag(f"{number}", True) for number in numbers}
    for number in numbers:
        for multiple in range(2 * number, limit + 1, number):
            sieve.step(
                f"{number} strikes {multiple}", when=there[number] & there[multiple], then={there[multiple]: False}
            )
    prime = {number: all_of(number % other != 0 for other in range(2, number)) for number in numbers}
    system = System("eratosthenes", sieve, rest=all_of(there[number] == prime[number] for number in numbers))
    system.no_deadlock("only the primes are left")
    return system
