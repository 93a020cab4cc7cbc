"""A set of integers, kept as half-open ranges that do not touch."""


class RangeSet:
    def __init__(self):
        self.ranges: list[list[int]] = []

    def add(self, start: int, end: int) -> None:
        if start >= end:
            return
        kept = []
        for low, high in self.ranges:
            if high < start or low > end:
                kept.append([low, high])
            else:
                start, end = min(start, low), max(end, high)
        kept.append([start, end])
        self.ranges = sorted(kept)

    def remove(self, start: int, end: int) -> None:
        if start >= end:
            return  # or it would cut a range in two that touch
        kept = []
        for low, high in self.ranges:
            if low < min(high, start):
                kept.append([low, min(high, start)])
            if max(low, end) < high:
                kept.append([max(low, end), high])
        self.ranges = kept

    def minus(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of [start, end) that are not in the set."""
        gaps = []
        for low, high in self.ranges:
            if high <= start or low >= end:
                continue
            if low > start:
                gaps.append((start, low))
            start = max(start, high)
        if start < end:
            gaps.append((start, end))
        return gaps

    def __contains__(self, value: int) -> bool:
        return any(low <= value < high for low, high in self.ranges)

    def __bool__(self) -> bool:
        return bool(self.ranges)
