"""Who is killed when: by a seed, spread evenly over the time that the run takes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.system import VICTIMS

LATE_SECONDS = 240.0  # for a victim to be running again


@dataclass
class Killer:
    """Kills what is due. `kill(victim, rng)` gives a process id, or None while the victim is not running.

    A victim that is dead already is killed as soon as it is back, however far it has come with starting.
    """

    seed: int
    kills: int
    seconds: float
    kill: Callable[[str, random.Random], int | None]
    killed: Counter[str] = field(default_factory=Counter)
    last_at: float = 0.0
    _due: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        gap = self.seconds / max(1, self.kills)
        # Each part once in every few before any is chosen by chance, so that a short run leaves none out.
        order = self._rng.sample(sorted(VICTIMS), len(VICTIMS))
        order += self._rng.choices(sorted(VICTIMS), [VICTIMS[name] for name in sorted(VICTIMS)], k=self.kills)
        self._due = [
            (gap * (number + self._rng.random()), victim) for number, victim in enumerate(order[: self.kills])
        ]

    @property
    def finished(self) -> bool:
        """Whether all have been killed that were to be."""
        return not self._due

    def act(self, elapsed: float) -> None:
        """Kill what is due `elapsed` seconds after the beginning."""
        for at, victim in list(self._due):
            if at > elapsed:
                break
            if self.kill(victim, self._rng) is not None:
                self._due.remove((at, victim))
                self.killed[victim] += 1
                self.last_at = elapsed
            elif elapsed > at + LATE_SECONDS:
                raise TimeoutError(f"{victim} does not come back")
