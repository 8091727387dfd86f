from pool import pool

import quiesce

result = quiesce.check(pool, users=3)
print(result)
answer = result["the door is shut when all have left, and only then"]
for step in answer.trace:
    print(step.number, step.who, step.trigger, dict(step.changes))
with open("pool.svg", "wb") as file:
    file.write(quiesce.draw(pool, format="svg"))
assert answer.verdict == "violated", answer
