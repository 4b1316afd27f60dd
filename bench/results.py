"""What was measured, kept outside the checkout: an interrupted benchmark goes on where it was."""

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Generic, Sequence, TypeVar

from bench.measure import Usage
from bench.scenario import Sample, Samples

S = TypeVar("S")


@dataclass(frozen=True)
class Record(Generic[S]):
    """One repetition of one scenario; comparable with others of the same versions and size."""

    scenario: str
    size: str
    date: str
    machine: str
    versions: dict[str, str]
    samples: S
    other_load: float | None = None  # load average of a minute when it began


@dataclass(frozen=True)
class Row:
    """Medians of one step by program."""

    scenario: str
    step: str
    repetitions: int
    date: str
    medians: dict[str, Sample]


class Results(Generic[S]):
    """A file with a line for each record; `decode` makes samples of what JSON has made of them."""

    def __init__(self, file: Path, decode: Callable[[dict], S]) -> None:
        self._file = file
        self._decode = decode

    def add(self, record: Record[S]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with open(self._file, "a") as lines:
            lines.write(json.dumps(asdict(record)) + "\n")

    def records(self) -> list[Record[S]]:
        if not self._file.exists():
            return []
        return [self._record_of(json.loads(line)) for line in self._file.read_text().splitlines()]

    def of(self, scenario: str, size: str, versions: dict[str, str]) -> list[Record[S]]:
        return [record for record in self.records()
                if (record.scenario, record.size, record.versions) == (scenario, size, versions)]

    def newest(self, scenario: str, size: str) -> list[Record[S]]:
        """All that are comparable with the one that was added last."""
        found = [record for record in self.records()
                 if (record.scenario, record.size) == (scenario, size)]
        return self.of(scenario, size, found[-1].versions) if found else []

    def _record_of(self, fields: dict) -> Record[S]:
        return Record(**fields | {"samples": self._decode(fields["samples"])})


def rows_of(records: Sequence[Record[Samples]]) -> list[Row]:
    """Of records of one scenario, in the order of the steps."""
    newest = max(record.date for record in records)
    rows = []
    for step, programs in records[0].samples.items():
        medians = {program: median([record.samples[step][program] for record in records])
                   for program in programs}
        rows.append(Row(records[0].scenario, step, len(records), newest, medians))
    return rows


def median(samples: list[Sample]) -> Sample:
    """Of each figure by itself."""
    def middle(figures: list[float]) -> float:
        return statistics.median(figures)

    usage = Usage(middle([sample.usage.wall_seconds for sample in samples]),
                  middle([sample.usage.cpu_seconds for sample in samples]),
                  int(middle([sample.usage.peak_bytes for sample in samples])))
    return Sample(usage, int(middle([sample.stored_bytes for sample in samples])))


def samples_of(fields: dict) -> Samples:
    return {step: {program: Sample(Usage(**sample["usage"]), sample["stored_bytes"])
                   for program, sample in programs.items()}
            for step, programs in fields.items()}
