"""Figures as they are measured, with their intervals, and what could not be measured."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from ..measures.intervals import Draws, Interval, bootstrap, mean_interval, resample
from ..measures.vectors import Matrix, Whole
from .figures import FIGURES, Measured


class Recorder:
    """Puts figures into ``measured``; resamples images where intervals are asked for."""

    def __init__(self, measured: Measured, resamples: int, seed: int) -> None:
        self.measured = measured
        self._resamples = resamples
        self._seed = seed

    def put(self, **values: float) -> None:
        """Keep figures by name; what is not a number becomes None, with a note."""
        unknown = set(values) - set(FIGURES)
        if unknown:
            raise KeyError(f"no such figures: {sorted(unknown)}")
        for name, value in values.items():
            self.measured.values[name] = None if math.isnan(value) else float(value)
            if math.isnan(value):
                self.note(f"{name} is not defined for these data")

    def note(self, note: str) -> None:
        """Keep a line that is shown with the figures."""
        self.measured.notes.append(note)

    def attempt(self, name: str, measure: Callable[[], Mapping[str, float] | float]) -> None:
        """Keep the figures that ``measure`` returns, or note why it cannot."""
        try:
            found = measure()
        except ValueError as error:
            self.note(f"{name}: {error}")
        else:
            self.put(**(found if isinstance(found, Mapping) else {name: found}))

    def put_mean(self, name: str, values: Matrix, images: Whole) -> None:
        """Keep the mean of values of images or texts, and its interval, given their images."""
        self.put(**{name: float(values.mean())})
        if self._resamples:
            different, numbers = np.unique(images, return_inverse=True)
            self.put_interval(name, mean_interval(values, numbers, self.draws(len(different))))

    def put_interval(self, name: str, interval: Interval) -> None:
        """Keep the interval of a figure."""
        if not math.isnan(interval[0]):
            self.measured.intervals[name] = interval

    def put_bootstrapped(
        self, name: str, statistic: Callable[[Matrix], float], images: int
    ) -> None:
        """Keep a statistic of weights of the images, and its interval."""
        self.attempt(name, lambda: statistic(np.ones(images)))
        if self._resamples and self.measured.values.get(name) is not None:
            self.put_interval(name, bootstrap(statistic, self.draws(images)))

    def draws(self, images: int) -> Draws:
        """Return how often each image is drawn in each resample; no rows where none is asked."""
        return resample(images, self._resamples, self._seed)
