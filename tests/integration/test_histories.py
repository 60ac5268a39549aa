"""Random histories: whatever arrives in whatever order, building what changed equals building all.

A history changes the raw files and policies of one entity a few times. Six entities live through
theirs side by side: one build after each step of all six, and at the end one of the same input in
an empty database. Every mart must come out as the same bytes. More at once would be cheaper, but
then one history's change would build again what another's change had failed to.
TWOFOLD_HISTORIES says how many (``make test-histories``: 200).
"""

import math
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from orchestration import changes, dbt_run, policies, publish
from orchestration.landing import discover
from orchestration.register import register
from orchestration.settings import Settings
from synthetic import meridian

HISTORIES = int(os.environ.get("TWOFOLD_HISTORIES", "10"))
STEPS = 3
CURRENCIES = {"meridian_de": "EUR", "meridian_uk": "GBP", "meridian_us": "USD"}
# of a second company of the same make, another world
SISTER = "{}_2"
ENTITIES = CURRENCIES | {SISTER.format(entity): c for entity, c in CURRENCIES.items()}


def build(settings: Settings, only: tuple[str, ...] = ()) -> None:
    """What a night does up to its marts, without tests and gates."""
    policies.compose(settings)
    register(discover(settings.landing), settings)
    with duckdb.connect(str(settings.build_db)) as connection:
        standing = changes.since_last_build(connection, "code", policies.digests(settings))
        changes.forget_standing(connection)
    part = [dbt_run.with_all_that_follows(name) for name in standing.changed or ()]
    if standing.changed is None or only:
        part = list(only)
    elif not part:
        return
    select = ("--select", *part) if part else ()
    dbt_run.build(settings, "--exclude-resource-type", "test", *select)
    if not only:
        with duckdb.connect(str(settings.build_db)) as connection:
            changes.keep_standing(connection, "code", policies.digests(settings), {})


def marts(settings: Settings, name: str) -> dict[str, bytes]:
    """Every mart as it would be published."""
    manifest = settings.dbt_target / "manifest.json"
    candidate = publish.export_candidate(settings, name, manifest)
    found = {
        p.relative_to(candidate).as_posix(): p.read_bytes()
        for p in sorted((candidate / "parquet").rglob("*.parquet"))
    }
    shutil.rmtree(candidate)
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two small companies, built once, in the place where every history happens."""
    root = tmp_path_factory.mktemp("histories") / "story"
    meridian.generate(root / "landing", customers=100, months=15)
    add_sister(root)
    settings = Settings(
        landing=root / "landing", warehouse=root / "warehouse", policies=root / "policies"
    )
    build(settings)
    shutil.copytree(root, root.with_name("beginning"), symlinks=True)
    return settings


def add_sister(root: Path) -> None:
    """A second company beside the first: its files under other names, and the policies of both."""
    born = root / "born"
    meridian.generate(born, customers=100, months=15, seed=8)
    names = ", ".join(f"'{entity}'" for entity in CURRENCIES)
    with duckdb.connect() as connection:
        for path in sorted(born.glob("meridian_*/**/*.parquet")):
            entity, *place = path.relative_to(born).parts
            new = root / "landing" / SISTER.format(entity) / Path(*place)
            new.parent.mkdir(parents=True, exist_ok=True)
            columns = connection.execute(f"describe from '{path}'").fetchall()
            renamed = [
                f"\"{name}\" || case when \"{name}\" in ({names}) then '{SISTER[2:]}' else '' end"
                f' as "{name}"'
                for name, kind, *_ in columns
                if kind == "VARCHAR"
            ]
            query = f"select * replace ({', '.join(renamed)}) from '{path}'"
            connection.execute(f"copy ({query}) to '{new}' (format parquet)")
    shutil.rmtree(born)
    (root / "policies").mkdir()
    for name in ("policy_organisations.csv", "policy_reporting.csv"):
        lines = (policies.SHIPPED / "policies" / name).read_text().splitlines()
        for line in [line for line in lines if line.startswith("meridian_")]:
            entity, rest = line.split(",", 1)
            lines.append(f"{SISTER.format(entity)},{rest}")
        (root / "policies" / name).write_text("\n".join(lines) + "\n")


@pytest.fixture
def settings(base: Settings) -> Settings:
    """The place as it was when the company was built."""
    root = base.landing.parent
    shutil.rmtree(root)
    shutil.copytree(root.with_name("beginning"), root, symlinks=True)
    return base


def sql(query: str, path: Path) -> None:
    """Write the rows of a query over a file; ``{old}`` in it is the file as it stands."""
    new = path.with_name(f"_{path.name}")
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query}) to '{new}' (format parquet)")
    new.replace(path)


@dataclass
class History:
    """What happens to one entity, by a chance of its own."""

    number: int
    settings: Settings
    entity: str = field(init=False)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.entity = list(ENTITIES)[self.number % len(ENTITIES)]
        self.chance = random.Random(self.number)

    def file(self, name: str) -> Path:
        """A file or folder the entity lands."""
        return self.settings.landing / self.entity / name

    @property
    def lines(self) -> Path:
        """The folder of its revenue lines."""
        return self.file("revenue_lines")

    @property
    def months(self) -> list[Path]:
        """The part files of months, without those a step has added."""
        return sorted(self.lines.glob("20*.parquet"))

    def customers(self) -> list[str]:
        """The first two customers with the most lines in the months as they began."""
        path = self.settings.landing.parent.with_name("beginning") / "landing" / self.entity
        found = duckdb.sql(
            f"select customer_id from '{path}/revenue_lines/20*.parquet' where customer_id is not"
            " null group by all order by count(*) desc, customer_id limit 2"
        )
        return [customer for (customer,) in found.fetchall()]

    def event(self, step: int) -> "Event":
        """Every event turns up in the first histories; the last step is left to chance."""
        if step == STEPS - 1:
            return self.chance.choice(EVENTS)
        return EVENTS[(self.number * (STEPS - 1) + step) % len(EVENTS)]


def late_lines(of: History) -> None:
    """Lines of a past month arrive in a file of their own, some for a customer nobody knows."""
    old = of.chance.choice(of.months)
    new = of.lines / f"late-{of.chance.randrange(10**6)}.parquet"
    customer = of.chance.choice(["customer_id", "'O''Brien; DROP TABLE'"])
    sql(
        f"select * replace ('LATE-' || document_id as document_id,"
        f" 'LATE-' || source_id as source_id, {customer} as customer_id)"
        f" from '{old}' order by document_id, line_number limit {of.chance.randint(1, 9)}",
        new,
    )


def corrected_lines(of: History) -> None:
    """Lines arrive again, recorded later, with another amount and sometimes in another month."""
    old = of.chance.choice(of.months)
    days = of.chance.choice([0, 0, 31])
    sql(
        "select * replace (net_amount + 1 as net_amount, list_amount + 1 as list_amount,"
        f" posted_on + {days} as posted_on, recorded_at + interval 400 day as recorded_at)"
        f" from '{old}' order by document_id desc, line_number limit {of.chance.randint(1, 9)}",
        of.lines / f"corrected-{of.chance.randrange(10**6)}.parquet",
    )


def deleted_lines(of: History) -> None:
    """A month's file comes again with fewer lines."""
    old = of.chance.choice(of.months)
    sql(f"select * from '{old}' where hash(document_id) % 7 <> {of.chance.randrange(7)}", old)


def removed_month(of: History) -> None:
    """A whole month goes."""
    of.chance.choice(of.months).unlink()


def removed_late_file(of: History) -> None:
    """What arrived late is taken back."""
    for path in sorted(of.lines.glob("[lc]*.parquet")):
        path.unlink()


def changed_postings(of: History) -> None:
    """The ledger of one month is posted anew, its control totals with it."""
    month = f"date_trunc('month', posted_on) = date '2024-{of.chance.randint(1, 3):02d}-01'"
    path = of.file("cost_entries.parquet")
    sql(
        f"select * replace (case when {month} and account_code like '6%' then amount + 1"
        f" else amount end as amount) from '{path}'",
        path,
    )


def changed_activities(of: History) -> None:
    """Activities of some days were never there."""
    path = of.file("activities.parquet")
    sql(f"select * from '{path}' where day(occurred_at) <> {of.chance.randint(1, 28)}", path)


def changed_deliveries(of: History) -> None:
    """Some deliveries were never made, and others belong to documents that none was of before."""
    path = of.file("deliveries.parquet")
    month = of.chance.choice(of.months)
    sql(
        f"select old.* replace (coalesce(other.document_id, old.document_id) as document_id)"
        f" from (select *, row_number() over (order by source_id) as number from '{path}'"
        f" where hash(source_id) % 13 <> {of.chance.randrange(13)}) as old"
        f" left join (select document_id, row_number() over (order by document_id) * 5 as number"
        f" from (select distinct document_id from '{month}' where document_id not in"
        f" (select document_id from '{path}' where document_id is not null))) as other"
        " using (number)",
        path,
    )
    sql(f"select * exclude (number) from '{path}'", path)


def changed_contacts(of: History) -> None:
    """Contacts of some days were never made; or all of them, so that the entity sends nothing."""
    path = of.file("contacts.parquet")
    kept = of.chance.choice([f"day(sent_at) <> {of.chance.randint(1, 28)}", "false"])
    sql(f"select * from '{path}' where {kept}", path)


def changed_answers(of: History) -> None:
    """Answers are taken back."""
    path = of.file("survey_responses.parquet")
    sql(f"select * from '{path}' where hash(response_id) % 11 <> {of.chance.randrange(11)}", path)


def changed_customers(of: History) -> None:
    """Customers change their segment; one is new."""
    path = of.file("customers.parquet")
    sql(
        f"select * replace (case when hash(customer_id) % 9 = {of.chance.randrange(9)} then"
        f" 'retail' else segment end as segment) from '{path}' union all by name"
        " (select * replace ('NEW-' || customer_id as customer_id,"
        " 'NEW-' || source_id as source_id)"
        f" from '{path}' order by customer_id limit 1)",
        path,
    )


def changed_rates(of: History) -> None:
    """An exchange rate is put right."""
    path = of.file("fx_rates.parquet")
    month = f"date_trunc('month', rate_date) = date '2023-{of.chance.randint(1, 12):02d}-01'"
    sql(
        f"select * replace (case when {month} then average_rate * 1.01 else average_rate end"
        f" as average_rate) from '{path}'",
        path,
    )


def changed_policy(of: History) -> None:
    """A policy takes another value from a later month on."""
    shipped = (policies.SHIPPED / "policies" / "policy_minute_values.csv").read_text()
    value, month = of.chance.randint(1, 9), of.chance.randint(2, 9)
    later = f"*,EUR,0.{value},2023-{month:02d}-01,,finance,assumed,Test\n"
    (of.settings.policies / "policy_minute_values.csv").write_text(shipped + later)


def adjusted_cost(of: History) -> None:
    """Finance moves cost of a month from one customer to another; some of it nobody approved."""
    path = of.settings.policies / "policy_adjustments.csv"
    shipped = policies.SHIPPED / "policies" / "policy_adjustments.csv"
    text = (path if path.exists() else shipped).read_text()
    document = f"TEST-{text.count(chr(10))}"
    day, amount = f"2023-{of.chance.randint(1, 12):02d}-15", of.chance.randint(1, 90)
    who = of.chance.choice(["Bob,2024-03-02", "Bob,2024-03-02", ","])
    customers, currency = of.customers(), ENTITIES[of.entity]
    for line, (customer, sign) in enumerate(zip(customers, (1, -1), strict=True), 1):
        text += (
            f"{of.entity},{document},{line},{day},picking,{customer},,{sign * amount},"
            f"{currency},test,Ann,2024-03-01,{who},finance,assumed,Test\n"
        )
    path.write_text(text)


def broken_off(of: History) -> None:
    """A build stops half way, after late lines; the next one has to finish it."""
    late_lines(of)
    build(of.settings, only=("+int_customer_revenue_monthly",))


Event = Callable[[History], None]
EVENTS: tuple[Event, ...] = (
    late_lines,
    corrected_lines,
    deleted_lines,
    removed_month,
    removed_late_file,
    changed_postings,
    changed_activities,
    changed_deliveries,
    changed_contacts,
    changed_answers,
    changed_customers,
    changed_rates,
    changed_policy,
    adjusted_cost,
    broken_off,
)


@pytest.mark.parametrize("company", range(math.ceil(HISTORIES / len(ENTITIES))))
def test_building_what_changed_gives_the_bytes_of_building_all(
    settings: Settings, company: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = company * len(ENTITIES)
    histories = [History(first + n, settings) for n in range(len(ENTITIES))]
    told = []
    for step in range(STEPS):
        for history in histories:
            event = history.event(step)
            event(history)
            told.append(f"{event.__name__} of {history.entity}")
        build(settings)
    ways = _ways(settings)
    assert ways & {"part", "nothing"}, "every table was made as a whole: nothing is tested"

    by_steps = marts(settings, "by_steps")
    if company % 2:
        # every other one in batches, as a company of many rows is made
        monkeypatch.setenv("TWOFOLD_ROWS_IN_A_BATCH", "3000")
    settings.build_db.unlink()
    build(settings)
    at_once = marts(settings, "at_once")
    assert by_steps.keys() == at_once.keys()
    differing = [name for name in at_once if by_steps[name] != at_once[name]]
    assert not differing, f"after {', '.join(told)}: {differing}"
    for name in ("int_bridge_cells", "int_document_costs_monthly"):
        (made,) = settings.dbt_target.glob(f"run/**/{name}.sql")
        assert ("as made" in made.read_text()) == bool(company % 2), f"{name}: batches or not"


def _ways(settings: Settings) -> set[str]:
    with duckdb.connect(str(settings.build_db), read_only=True) as connection:
        return {how for (how,) in connection.execute("select how from build.builds").fetchall()}
