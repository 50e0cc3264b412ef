"""The stages as Beam transforms: the outputs of each, however its input is split."""

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.pvalue import AsSingleton
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from evenpair.pipeline.phases.score import keep_sources
from evenpair.schemas.facts import FACTS, Attribute, Facts, facts_to_arrow
from evenpair.schemas.phase import Phase
from evenpair.schemas.rejection import Reason, Rejection
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.run_tables import RunTable
from evenpair.schemas.source import name_sources
from evenpair.schemas.statistics import Statistics, count_events, statistics_to_table
from evenpair.schemas.tables import PAIRS, SCORES
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.enrich.choose_sparse import ChooseSparse
from evenpair.transforms.facts.find_facts import FindFacts
from evenpair.transforms.information.count_facts import CountFacts
from evenpair.transforms.information.keep_statistics import (
    keep_statistics,
    load_full_level,
    load_statistics,
    load_table,
)
from evenpair.transforms.information.mark_sparse import MarkSparse
from evenpair.transforms.information.measure_information import MeasureInformation
from evenpair.transforms.information.sum_events import SumEvents
from evenpair.transforms.read.read_captions import ReadCaptions
from evenpair.transforms.spread import Spread, SpreadSources
from evenpair.transforms.units import ALL, KeepUnits, LoadUnits

from ..support.shards import MadePair, write_source

SOURCES = name_sources(["/data/0.tar", "/data/1.tar", "/data/2.tar"])
DOG = Facts(("dog",), (Attribute("dog", "brown"),))
CAT = Facts(("cat",))
CORPUS = [[DOG] * 3 + [CAT], [CAT] * 4, []]


def pipeline():
    """Return a pipeline on Beam's own runner; if none is named, Beam looks for others."""
    return beam.Pipeline(runner=FnApiRunner())


def unit(at, columns):
    table = pa.table(columns)
    return Unit(SOURCES[at], table, Tally(table.num_rows))


def with_facts(at, facts, language="en"):
    columns = dict(zip(FACTS.names, facts_to_arrow(facts), strict=True))
    whole = pa.nulls(len(facts), pa.struct(list(FACTS)))
    return unit(at, columns | {"language": pa.array([language] * len(facts)), "_visible": whole})


def column(name):
    return beam.Map(lambda unit: (unit.source.name, unit.table[name].to_pylist()))


def table_of(facts, full_level):
    return statistics_to_table(Statistics(count_events(facts), full_level))


def test_spread_emits_every_element_once():
    with pipeline() as root:
        assert_that(root | Spread(SOURCES), equal_to(SOURCES))


def test_spread_of_no_elements_is_empty():
    with pipeline() as root:
        assert_that(root | Spread([]), equal_to([]))


def test_read_captions_emits_a_unit_for_every_source(tmp_path):
    for n in range(2):
        write_source(tmp_path / f"{n}.tar", [MadePair(n, f"caption {n}")])
    sources = name_sources([f"{tmp_path}/{n}.tar" for n in range(3)])
    with pipeline() as root:
        units = root | Spread(sources) | ReadCaptions()
        expected = [("0", ["caption 0"]), ("1", ["caption 1"]), ("2", [])]
        assert_that(units | "Captions" >> column("caption"), equal_to(expected), "captions")
        faults = units | beam.Map(lambda unit: unit.tally.fault)
        missing = f"{tmp_path}/2.tar: No such file or directory"
        assert_that(faults, equal_to([None, None, missing]), "faults")


def test_find_facts_adds_facts_language_and_words():
    captions = pa.array(["a brown dog", None, "犬がいる"], pa.string())
    with pipeline() as root:
        units = root | beam.Create([unit(0, {"caption": captions})]) | FindFacts()
        assert_that(
            units | "A" >> column("objects"), equal_to([("0", [["dog"], [], []])]), "objects"
        )
        assert_that(
            units | "B" >> column("language"), equal_to([("0", ["en", "en", "ja"])]), "languages"
        )
        assert_that(units | "C" >> column("words"), equal_to([("0", [3, 0, 1])]), "words")


def test_count_facts_adds_the_corpus_to_the_prior(tmp_path):
    prior = keep_statistics(Statistics(count_events([CAT] * 2), 7.5), f"{tmp_path}/prior.parquet")
    foreign = with_facts(2, [DOG] * 9, "ja")
    units = [with_facts(0, CORPUS[0]), with_facts(1, CORPUS[1]), foreign]
    expected = table_of([*CORPUS[0], *CORPUS[1], CAT, CAT], 7.5)
    with pipeline() as root:
        counted = root | beam.Create(units) | CountFacts(f"{tmp_path}/spilled")
        summed = counted | SumEvents(
            prior=prior, path=f"{tmp_path}/counts.parquet", folder=f"{tmp_path}/spilled"
        )
        assert_that(summed | beam.Map(load_table), equal_to([expected]))


def test_statistics_are_kept_at_the_returned_path(tmp_path):
    statistics = Statistics(count_events([DOG]), 3.0)
    path = keep_statistics(statistics, str(tmp_path / "statistics.parquet"))
    assert load_statistics(path) == statistics


def test_the_full_level_is_the_priors_or_another_but_never_the_corpus(tmp_path):
    prior = keep_statistics(Statistics(count_events([CAT]), 7.5), f"{tmp_path}/prior.parquet")
    for given, kept in ((None, 7.5), (3.0, 3.0)):
        with pipeline() as root:
            counted = root | beam.Create([with_facts(0, [DOG] * 9)]) | CountFacts(f"{tmp_path}/s")
            path = f"{tmp_path}/counts-{kept}.parquet"
            summed = counted | SumEvents(
                prior=prior, path=path, folder=f"{tmp_path}/s", full_level=given
            )
            assert_that(summed | beam.Map(load_full_level), equal_to([kept]))


def test_bits_come_from_the_statistics(tmp_path):
    statistics = Statistics(count_events([DOG] * 9 + [CAT] * 3), 0.5)
    path = keep_statistics(statistics, f"{tmp_path}/counts.parquet")
    with pipeline() as root:
        counted = root | beam.Create([path])
        units = root | "Units" >> beam.Create([with_facts(0, [DOG, CAT]), with_facts(1, [CAT] * 9)])
        measured = units | MeasureInformation(AsSingleton(counted))
        bits = measured | "Bits" >> column("information_bits")
        assert_that(
            bits | beam.FlatMap(lambda row: [b for b in row[1] if not 0 < b < 16]),
            equal_to([]),
            "bits",
        )


def test_pairs_below_the_threshold_are_marked_and_chosen(tmp_path):
    statistics = Statistics(count_events([DOG]), 10.0)
    path = keep_statistics(statistics, str(tmp_path / "statistics.parquet"))
    with pipeline() as root:
        kept = root | beam.Create([path])
        bits = pa.array([2.0, None, 5.0, 9.0])
        columns = {name: pa.nulls(4, SCORES.field(name).type) for name in SCORES.names[:-2]}
        columns |= {"information_bits": bits, "visible_bits": bits, "key": pa.array(list("abcd"))}
        given = unit(0, columns)
        marked = root | "Units" >> beam.Create([given]) | MarkSparse(AsSingleton(kept), 0.5)
        imbalance = [("0", [0.8, None, 0.5, pytest.approx(0.1)])]
        assert_that(marked | "A" >> column("imbalance"), equal_to(imbalance), "imbalance")
        assert_that(
            marked | "B" >> column("sparse"), equal_to([("0", [True, False, False, False])]), "s"
        )
        assert_that(
            marked | ChooseSparse() | "C" >> column("key"), equal_to([("0", ["a"])]), "chosen"
        )


def test_rejections_are_kept_with_their_unit(tmp_path):
    run = RunDirectory(str(tmp_path))
    rejection = Rejection("u", "0", "k", Phase.SCORE, Reason.NO_CAPTION)
    table = PAIRS.empty_table()
    given = Unit(SOURCES[0], table, Tally(1, 1), (rejection,))
    with pipeline() as root:
        kept = root | beam.Create([given]) | KeepUnits(run, RunTable.SCORES, "made by this")
        loaded = kept | beam.Map(lambda _: pq.read_table(run.rejections(Phase.SCORE, "0")).num_rows)
        assert_that(loaded, equal_to([1]))


def test_kept_units_can_be_loaded(tmp_path):
    run = RunDirectory(str(tmp_path))
    given = unit(1, {"a": [1, 2]})
    with pipeline() as earlier:
        _ = earlier | beam.Create([given]) | KeepUnits(run, RunTable.PARSED, "stamp")
    stamped = Unit(given.source, given.table, Tally(2, stamp="stamp"))
    keep_sources(run, SOURCES[1:2])
    with pipeline() as root:
        assert_that(root | LoadUnits([SOURCES[1]], run, RunTable.PARSED), equal_to([stamped]))
        everything = root | "All" >> LoadUnits(ALL, run, RunTable.PARSED)
        assert_that(everything, equal_to([stamped]), "all")


def test_spread_sources_emits_every_listed_source(tmp_path):
    run = RunDirectory(str(tmp_path))
    keep_sources(run, SOURCES)
    with pipeline() as root:
        assert_that(root | SpreadSources(run.sources), equal_to(SOURCES))
