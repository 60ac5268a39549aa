"""From the raw table ``identities`` to a crosswalk and a queue of disputes in the build database.

Belongs here: the order of the rules, policies, what is written. Does not: how names are compared
(``records``, ``model``) or how links become parties (``clusters``).
"""

import csv
import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import version
from math import log2
from pathlib import Path

import duckdb
import pyarrow as pa

from identity import model
from identity.clusters import Limits, Link, Parties
from identity.records import prepare

POLICIES = ("policy_identity_rules", "policy_identity_weights", "policy_identity_decisions")
# strongest first; what the sources say themselves comes before what is inferred
RULES = ("decision", "customer_id", "tax_id", "email", "phone", "probabilistic")
RANK = {rule: rank for rank, rule in enumerate(RULES)}
PROBABILISTIC = RANK["probabilistic"]
NUMBERS = (
    "tax_id_shared_at_most",
    "email_shared_at_most",
    "phone_shared_at_most",
    "block_at_most",
    "party_at_most",
    "population_at_least",
)
SHARES = (
    "email_probability",
    "phone_probability",
    "match_from",
    "dispute_from",
    "customers_merge_from",
)

# the accepted rows, as the input layer takes them: the latest recorded of a key that is known on
# the build's day, none where two tie
ACCEPTED = """
with known as (
    select
        entity_id, source_system, source_key, customer_id, name, email, phone, address, tax_id,
        cast(birth_date as varchar) as birth_date,
        coalesce(recorded_at, timestamp '1900-01-01') as recorded_at
    from landing.identities
    where
        unparsable_cells is null
        and entity_id is not null
        and source_system is not null
        and source_key is not null
        and coalesce(recorded_at, timestamp '1900-01-01')
        < (select known_before from build.parameters)
),
latest as (
    select
        *,
        count(*) over (
            partition by entity_id, source_system, source_key, recorded_at
        ) as recorded_together
    from known
    qualify rank() over (
        partition by entity_id, source_system, source_key order by recorded_at desc
    ) = 1
)
select
    row_number() over (order by entity_id, source_system, source_key) - 1 as record_id,
    * exclude (recorded_together)
from latest
where recorded_together = 1
order by record_id
"""

LINKS = pa.schema(
    [
        ("entity_id", pa.string()),
        ("source_system", pa.string()),
        ("source_key", pa.string()),
        ("known_customer_id", pa.string()),
        ("party_id", pa.string()),
        ("customer_id", pa.string()),
        ("resolution_status", pa.string()),
        ("match_rule", pa.string()),
        ("match_probability", pa.decimal128(18, 9)),
        ("survivorship", pa.string()),
        ("records_count", pa.int64()),
        ("linked_at", pa.timestamp("us")),
        ("recorded_at", pa.timestamp("us")),
    ]
)
DISPUTES = pa.schema(
    [
        ("entity_id", pa.string()),
        ("dispute_kind", pa.string()),
        ("source_system", pa.string()),
        ("source_key", pa.string()),
        ("other_source_system", pa.string()),
        ("other_source_key", pa.string()),
        ("customer_id", pa.string()),
        ("other_customer_id", pa.string()),
        ("match_rule", pa.string()),
        ("match_probability", pa.decimal128(18, 9)),
        ("records_count", pa.int64()),
    ]
)


class PolicyError(ValueError):
    """A policy of identities is missing, or says what cannot be."""


@dataclass(frozen=True)
class Policy:
    """The rules in force on one day.

    Attributes:
        value: number by parameter of ``policy_identity_rules``.
        weights: m and u by field and level.
        decisions: what people decided of two keys: entity, key, other key, whether they are one.
    """

    value: dict[str, float]
    weights: dict[tuple[str, str], tuple[float, float]]
    decisions: tuple[tuple[str, tuple[str, str], tuple[str, str], bool], ...]


@dataclass(frozen=True)
class Resolved:
    """Rows of the crosswalk and of the queue of disputes."""

    links: pa.Table
    disputes: pa.Table


def _in_force(folder: Path, name: str, day: date) -> list[dict[str, str]]:
    path = folder / "policies" / f"{name}.csv"
    if not path.is_file():
        raise PolicyError(f"policy {name} is missing")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    try:
        return [
            row
            for row in rows
            if date.fromisoformat(row["valid_from"]) <= day
            and day <= date.fromisoformat(row["valid_to"] or "9999-12-31")
        ]
    except (KeyError, ValueError) as error:
        raise PolicyError(f"policy {name}: a row has no sound valid_from or valid_to") from error


def read_policy(folder: Path, day: date) -> Policy:
    """The policies of identities in force on a day.

    Args:
        folder: the composed seeds.
        day: the build's day; the last day there is, where the build has none.

    Raises:
        PolicyError: a parameter or a level is missing, given twice, or out of its range.
    """
    rules, value = _in_force(folder, "policy_identity_rules", day), {}
    for row in rules:
        try:
            value[row["parameter"]] = float(row["value"])
        except ValueError:
            raise PolicyError(
                f"policy_identity_rules: {row['parameter']} is {row['value']!r}, not a number"
            ) from None
    wanted = {*NUMBERS, *SHARES}
    if set(value) != wanted or len(rules) != len(wanted):
        odd = sorted(set(value) ^ wanted) or ["a parameter twice"]
        raise PolicyError(f"policy_identity_rules: missing, unknown or doubled: {', '.join(odd)}")
    for name in SHARES:
        if not 0 < value[name] < 1:
            raise PolicyError(f"policy_identity_rules: {name} must lie between 0 and 1")
    for name in NUMBERS:
        if value[name] < 1:
            raise PolicyError(f"policy_identity_rules: {name} must be 1 or more")
    if value["dispute_from"] > value["match_from"]:
        raise PolicyError("policy_identity_rules: dispute_from is above match_from")
    weights = {}
    for row in _in_force(folder, "policy_identity_weights", day):
        key = row["field"], row["level"]
        try:
            weights[key] = float(row["m_probability"]), float(row["u_probability"])
        except ValueError:
            raise PolicyError(
                f"policy_identity_weights: {key} has a weight that is no number"
            ) from None
        if not all(0 < chance < 1 for chance in weights[key]):
            raise PolicyError(f"policy_identity_weights: {key} must lie between 0 and 1")
    if odd := sorted(set(weights) ^ set(model.levels())):
        raise PolicyError(f"policy_identity_weights: missing or unknown: {odd}")
    decisions = []
    for row in _in_force(folder, "policy_identity_decisions", day):
        if row["decision"] not in ("same", "different"):
            raise PolicyError(
                f"policy_identity_decisions: {row['decision']!r} is neither same nor different"
            )
        decisions.append(
            (
                row["entity_id"],
                (row["source_system"], row["source_key"]),
                (row["other_source_system"], row["other_source_key"]),
                row["decision"] == "same",
            )
        )
    return Policy(value, weights, tuple(decisions))


def _odds(probability: float) -> int:
    return round(1_000_000 * log2(probability / (1 - probability)))


def _probability(odds: int) -> Decimal:
    """Nine decimals, never quite certain: nobody looked."""
    chance = 1 / (1 + 2 ** (-odds / 1_000_000))
    return min(Decimal(f"{chance:.9f}"), Decimal("0.999999999"))


def resolve(records: pa.Table, policy: Policy) -> Resolved:
    """One party for every record, and what could not be settled.

    Args:
        records: record_id (0, 1, … in the order of the rows), entity_id, source_system, source_key,
            customer_id where known, the fields of ``records.FIELDS`` as text, and recorded_at.
        policy: the rules in force.
    """
    return _Resolution(records, policy).run()


class _Resolution:
    """One run over all records; entities share nothing but the pass."""

    def __init__(self, records: pa.Table, policy: Policy) -> None:
        self.policy, self.value = policy, policy.value
        self.entity = records["entity_id"].to_pylist()
        self.key = list(
            zip(
                records["source_system"].to_pylist(), records["source_key"].to_pylist(), strict=True
            )
        )
        self.known = records["customer_id"].to_pylist()
        self.recorded: list[datetime] = records["recorded_at"].to_pylist()
        # every pair is scored by itself: no float is added in an order that threads could change
        self.connection = duckdb.connect()
        # a night has no screen to draw on
        self.connection.execute("set enable_progress_bar = false")
        self.connection.register("given_records", records)
        self.connection.execute("create temp table records as from given_records")
        prepare(self.connection, int(self.value["block_at_most"]))
        self.tax = [
            t
            for (t,) in self.connection.execute(
                "select tax_key from prepared order by record_id"
            ).fetchall()
        ]
        self.rule_odds = {
            RANK["email"]: _odds(self.value["email_probability"]),
            RANK["phone"]: _odds(self.value["phone_probability"]),
        }
        self.disputes: list[dict] = []

    def run(self) -> Resolved:
        same, apart = self._decisions()
        self.parties = Parties(
            self.tax,
            self.known,
            apart,
            Limits(
                records=int(self.value["party_at_most"]),
                sourced_rank=RANK["tax_id"],
                customers_odds=_odds(self.value["customers_merge_from"]),
            ),
        )
        settled = [*same, *self._of_one_customer(), *self._of_one_tax_id()]
        self.parties.join([*settled, *self._of_one_value("email")])
        likely, grey = self._likely()
        self.parties.join_clear([*self._of_one_value("phone"), *likely], grey)
        self._list_refused(grey)
        links = self._crosswalk()
        self.connection.close()
        return Resolved(
            pa.Table.from_pylist(links, schema=LINKS),
            pa.Table.from_pylist(self._queue(), schema=DISPUTES),
        )

    # ---------- links

    def _decisions(self) -> tuple[list[Link], list[tuple[int, int]]]:
        """What people decided, as links and as pairs to be kept apart."""
        if not self.policy.decisions:
            return [], []
        place = {(e, *k): i for i, (e, k) in enumerate(zip(self.entity, self.key, strict=True))}
        same, apart = [], []
        for entity, key, other, is_same in self.policy.decisions:
            one, two = place.get((entity, *key)), place.get((entity, *other))
            # a key that is not delivered any more decides nothing
            if one is None or two is None or one == two:
                continue
            low, high = sorted((one, two))
            if is_same:
                same.append(Link(RANK["decision"], 0, low, high))
            else:
                apart.append((low, high))
        return same, apart

    def _of_one_customer(self) -> list[Link]:
        """Records that name one customer. Where they have several tax numbers, the number of most
        records keeps the customer (then the earliest, then the lowest), and those without a number
        stay with it; the others stand by themselves, disputed.
        """
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for record, customer in enumerate(self.known):
            if customer:
                groups[self.entity[record], customer].append(record)
        links = []
        for members in groups.values():
            by_tax: dict[str, list[int]] = defaultdict(list)
            for record in members:
                if self.tax[record]:
                    by_tax[self.tax[record]].append(record)
            ranked = sorted(by_tax, key=lambda t: (-len(by_tax[t]), self._first(by_tax[t]), t))
            for position, tax in enumerate(ranked):
                chain = by_tax[tax]
                if position == 0:
                    chain = sorted([*chain, *(r for r in members if not self.tax[r])])
                else:
                    self._dispute(
                        "customer_has_several_tax_ids", by_tax[ranked[0]][0], chain[0],
                        "customer_id", Decimal(1), len(members),
                    )  # fmt: skip
                links += self._chain("customer_id", chain)
            if not ranked:
                links += self._chain("customer_id", members)
        return links

    def _first(self, records: list[int]) -> datetime:
        return min(self.recorded[r] for r in records)

    def _chain(self, rule: str, records: list[int]) -> list[Link]:
        odds = self.rule_odds.get(RANK[rule], 0)
        return [Link(RANK[rule], odds, records[0], record) for record in records[1:]]

    def _of_one_tax_id(self) -> list[Link]:
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for record, tax in enumerate(self.tax):
            if tax:
                groups[self.entity[record], tax].append(record)
        return self._unless_shared(groups, "tax_id")

    def _unless_shared(self, groups: dict, field: str) -> list[Link]:
        """Chains of those who share a value, unless they are too many to be one party."""
        links = []
        for members in groups.values():
            if len(members) <= self.value[f"{field}_shared_at_most"]:
                links += self._chain(field, members)
            else:
                self._dispute(
                    f"{field}_shared_by_many", members[0], None, field, None, len(members)
                )
        return links

    def _of_one_value(self, field: str) -> list[Link]:
        """Records with one mailbox or telephone whose names agree."""
        limit = int(self.value[f"{field}_shared_at_most"])
        self.connection.execute(
            f"create or replace temp table shared_{field} as select record_id, entity_id,"
            f" {field}_key, name_words, count(*) over (partition by entity_id, {field}_key)"
            f" as sharers from prepared where {field}_key is not null"
        )
        for first, sharers in self.connection.execute(
            f"select min(record_id), any_value(sharers) from shared_{field}"
            f" where sharers > {limit} group by entity_id, {field}_key order by 1"
        ).fetchall():
            self._dispute(f"{field}_shared_by_many", first, None, field, None, sharers)
        pairs = self.connection.execute(
            f"select one.record_id, other.record_id from shared_{field} as one"
            f" inner join shared_{field} as other on one.entity_id = other.entity_id"
            f" and one.{field}_key = other.{field}_key and one.record_id < other.record_id"
            f" where one.sharers <= {limit} and names_agree(one.name_words, other.name_words)"
            " order by 1, 2"
        ).fetchall()
        rank = RANK[field]
        return [Link(rank, self.rule_odds[rank], low, high) for low, high in pairs]

    def _likely(self) -> tuple[list[Link], list[Link]]:
        """Links of Splink's among what the rules left over: likely ones, and those to look at."""
        parties = [self.parties.of(record) for record in range(len(self.entity))]
        if not self._has_pairs_left(parties):
            return [], []
        least = _odds(self.value["dispute_from"])
        model.score(
            self.connection,
            self.policy.weights,
            int(self.value["population_at_least"]),
            least / 1_000_000,
        )
        found = [
            Link(PROBABILISTIC, int(odds * 1_000_000), low, high)
            for low, high, odds in self.connection.execute(
                "select low_id, high_id, odds from scored order by 1, 2"
            ).fetchall()
        ]
        likely_from = _odds(self.value["match_from"])
        return (
            [link for link in found if link.odds >= likely_from],
            [link for link in found if link.odds < likely_from],
        )

    def _has_pairs_left(self, parties: list[int]) -> bool:
        """Whether any two records of different parties share a block; Splink is not even imported
        where none do.
        """
        settled = pa.table({"record_id": range(len(parties)), "party": parties})
        self.connection.register("settled_parties", settled)
        self.connection.execute(
            "create or replace temp table prepared as select prepared.*, party as settled"
            " from prepared inner join settled_parties using (record_id) order by record_id"
        )
        any_block = " or ".join(
            f"exists (select 1 from prepared where block_{name} is not null"
            f" group by entity_id, block_{name} having count(distinct settled) > 1)"
            for name in model.BLOCKS
        )
        return self.connection.execute(f"select {any_block}").fetchall()[0][0]

    # ---------- disputes

    def _dispute(
        self,
        kind: str,
        one: int,
        other: int | None,
        rule: str,
        probability: Decimal | None,
        records: int,
    ) -> None:
        system, key = self.key[other] if other is not None else ("", "")
        self.disputes.append(
            {
                "entity_id": self.entity[one],
                "dispute_kind": kind,
                "source_system": self.key[one][0],
                "source_key": self.key[one][1],
                "other_source_system": system,
                "other_source_key": key,
                "customer_id": self.known[one],
                "other_customer_id": self.known[other] if other is not None else None,
                "match_rule": rule,
                "match_probability": probability,
                "records_count": records,
            }
        )

    def _list_refused(self, grey: list[Link]) -> None:
        """Of every two parties that might be one, the strongest link between them, once."""
        seen = set()
        refused = [(r.link, r.reason) for r in self.parties.refused]
        for link, kind in [*refused, *((g, "grey_zone") for g in grey)]:
            parties = frozenset((self.parties.of(link.low), self.parties.of(link.high)))
            if len(parties) == 1 or parties in seen:
                continue
            seen.add(parties)
            is_sourced = link.rank <= RANK["tax_id"]
            self._dispute(
                kind, link.low, link.high, RULES[link.rank],
                Decimal(1) if is_sourced else _probability(link.odds), 2,
            )  # fmt: skip

    def _queue(self) -> list[dict]:
        grain = ("entity_id", "dispute_kind", "source_system", "source_key",
                 "other_source_system", "other_source_key")  # fmt: skip
        return sorted(self.disputes, key=lambda row: [row[column] for column in grain])

    # ---------- parties

    def _crosswalk(self) -> list[dict]:
        members: dict[int, list[int]] = defaultdict(list)
        for record in range(len(self.entity)):
            members[self.parties.of(record)].append(record)
        owner = self._owners(members)
        edges: dict[int, list[tuple[int, Link]]] = defaultdict(list)
        for link in self.parties.taken:
            edges[link.low].append((link.high, link))
            edges[link.high].append((link.low, link))
        rows: list[dict | None] = [None] * len(self.entity)
        for party, records in members.items():
            claims = Counter(self.known[r] for r in records if self.known[r])
            customers = [c for c in claims if owner[self.entity[party], c] == party]
            customer, survivorship = self._surviving(customers, claims, records)
            anchor = min(
                (r for r in records if customer is None or self.known[r] == customer),
                key=lambda r: (self.recorded[r], r),
            )
            if len(claims) > 1:
                other = min(
                    (r for r in records if self.known[r] not in (None, customer)),
                    key=lambda r: (self.recorded[r], r),
                )
                self._dispute("customers_merged", anchor, other, "survivorship", None, len(records))
            for record, (rule, probability, linked_at) in self._paths(anchor, edges).items():
                if self.known[record] == customer and customer is not None:
                    rule, probability = "customer_id", Decimal(1)
                    linked_at = self.recorded[record]
                rows[record] = {
                    "entity_id": self.entity[record],
                    "source_system": self.key[record][0],
                    "source_key": self.key[record][1],
                    "known_customer_id": self.known[record],
                    "party_id": customer or "|".join(self.key[anchor]),
                    "customer_id": customer,
                    "resolution_status": "resolved"
                    if customer
                    else ("disputed" if claims else "unresolved"),
                    "match_rule": rule,
                    "match_probability": probability,
                    "survivorship": survivorship,
                    "records_count": len(records),
                    "linked_at": linked_at,
                    "recorded_at": self.recorded[record],
                }
        return rows

    def _owners(self, members: dict[int, list[int]]) -> dict[tuple[str, str], int]:
        """The one party that may bear a customer's id: the one of most records that name it."""
        claims: Counter = Counter()
        for party, records in members.items():
            for record in records:
                if self.known[record]:
                    claims[self.entity[record], self.known[record], party] += 1
        owner, best = {}, {}
        for (entity, customer, party), count in claims.items():
            naming = [r for r in members[party] if self.known[r] == customer]
            merit = (-count, self._first(naming), party)
            if (entity, customer) not in best or merit < best[entity, customer]:
                best[entity, customer], owner[entity, customer] = merit, party
        return owner

    def _surviving(
        self, customers: list[str], claims: Counter, records: list[int]
    ) -> tuple[str | None, str]:
        """Which customer id a party keeps, and by which rule."""
        if not customers:
            return None, "no_customer"
        if len(customers) == 1:
            return customers[0], "only_customer"
        first = {c: self._first([r for r in records if self.known[r] == c]) for c in customers}
        ranked = sorted(customers, key=lambda c: (-claims[c], first[c], c))
        one, two = ranked[:2]
        if claims[one] != claims[two]:
            return one, "most_records"
        return one, "earliest_recorded" if first[one] != first[two] else "lowest_id"

    def _paths(
        self, anchor: int, edges: dict[int, list[tuple[int, Link]]]
    ) -> dict[int, tuple[str, Decimal, datetime]]:
        """By record, the weakest link on its way to the anchor, and since when it is known."""
        found = {anchor: ((-1, 0), self.recorded[anchor])}
        waiting = [anchor]
        while waiting:
            here = waiting.pop()
            weakest, since = found[here]
            for there, link in edges[here]:
                if there not in found:
                    found[there] = (
                        max(weakest, (link.rank, -link.odds)),
                        max(since, self.recorded[there]),
                    )
                    waiting.append(there)
        return {
            record: (
                RULES[rank] if rank >= 0 else "own_record",
                Decimal(1) if rank <= RANK["tax_id"] else _probability(-minus_odds),
                since,
            )
            for record, ((rank, minus_odds), since) in found.items()
        }


# ---------- the step

STEP = "source.twofold.build.identity_links"


def made_from(raw: str, known_before: object, digests: dict[str, str]) -> str:
    """What a resolution rests on: raw rows, the build's day, policies, this code and its tools.

    Args:
        raw: what the raw table was made from.
        known_before: the build's parameter.
        digests: hash of every policy by name.
    """
    total = hashlib.sha256(f"{raw} {known_before} {version('splink')} {version('duckdb')}".encode())
    for name in POLICIES:
        total.update(f"{name} {digests.get(name)}\0".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        total.update(path.read_bytes())
    return total.hexdigest()


def write(connection: duckdb.DuckDBPyConnection, resolved: Resolved) -> None:
    """The crosswalk and the disputes, as tables of the build database."""
    for name, table, schema in (
        ("identity_links", resolved.links, LINKS),
        ("identity_disputes", resolved.disputes, DISPUTES),
    ):
        connection.register("resolved_rows", table.cast(schema))
        connection.execute(f"create or replace table build.{name} as from resolved_rows")
        connection.unregister("resolved_rows")


def step(
    connection: duckdb.DuckDBPyConnection, seeds: Path, digests: dict[str, str], raw: str
) -> None:
    """Resolve the raw identities anew, unless all they rest on is as it was.

    Args:
        connection: the build database, raw relations registered.
        seeds: the composed seeds.
        digests: hash of every policy by name.
        raw: what ``landing.identities`` was made from.

    Raises:
        PolicyError: a policy of identities cannot be used.
    """
    as_of, known_before = connection.execute("from build.parameters").fetchall()[0]
    state = made_from(raw, known_before, digests)
    known = connection.execute(
        "select made_from from build.registered where relation = ?", [STEP]
    ).fetchall()
    if known == [(state,)]:
        return
    records = connection.sql(ACCEPTED).to_arrow_table()
    if records.num_rows:
        resolved = resolve(records, read_policy(seeds, as_of or date.max))
    else:
        resolved = Resolved(LINKS.empty_table(), DISPUTES.empty_table())
    write(connection, resolved)
    connection.execute("delete from build.registered where relation = ?", [STEP])
    connection.execute("insert into build.registered values (?, ?)", [STEP, state])
