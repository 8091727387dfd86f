"""Queens are put on a board one after the other, none where another one attacks it.

Published: Model Checking Contest 2020, NQueens-PT-05 (yanntm/pnmcc-models-2020): 462 markings, 1,295 firings; every
run ends. A firing is a pair of marking and transition, which is a transition of ours.
"""

from typing import Annotated

from quiesce import Between, Machine, System, any_of, count_of


def queens(*, size: Annotated[int, Between(1, 8)] = 5) -> System:
    """Return the board, with a flag for each square."""
    board = Machine("board")
    squares = [(column, row) for column in range(size) for row in range(size)]
    queen = {(column, row): board.flag(f"{column} {row}") for column, row in squares}
    for column, row in squares:
        attacked = any_of(
            queen[x, y] for x, y in squares if x == column or y == row or x + y == column + row or x - y == column - row
        )
        board.step(f"place {column} {row}", when=~attacked, then={queen[column, row]: True})
    system = System("queens", board)
    system.sometimes("all are placed", count_of(queen.values()) == size)
    return system
