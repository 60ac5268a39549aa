"""Two hundred small worlds through the SQL of the drivers: what moves the outcome is found again.

A world's truth is additive with a kink, in latent levels that nobody sees; answers are three
rounded items a term and one for the outcome. Neither the form nor the weights are the model's. All
worlds are entities of one database, and the compiled SQL of the models runs once over them.
"""

import re
from itertools import permutations

import duckdb
import numpy as np
import pytest

WORLDS = 200
CUSTOMERS = 300
POPULATION = 200_000
DRIVERS = ("product_quality", "service_quality", "price", "hassle")
SIGNS = np.array([1, 1, -1, -1])
WEIGHTS = (1.0, 0.7, 0.45, 0.2)
MODELS = ("int_value_driver_sums", "int_value_driver_fits", "int_value_driver_estimates")
# what ``--empty`` puts round a relation
EMPTIED = re.compile(r"\(select \* from (\S+) where false limit 0\)(\s+_dbt_limit_subq\w*)?")


def answers_of(weights: np.ndarray, customers: int, random: np.random.Generator) -> np.ndarray:
    """Answers, shape (customers, 5): the four terms and the outcome, each 1 to 10."""
    common = random.normal(size=(customers, 1))
    levels = 0.5 * common * SIGNS + 0.85 * random.normal(size=(customers, 4))
    value = levels @ (weights * SIGNS) - 0.3 * np.clip(levels[:, 3] - 0.5, 0, None) ** 2
    person = 0.3 * random.normal(size=(customers, 1, 1))
    items = 5.5 + 1.5 * levels[:, :, None] + person * SIGNS[None, :, None]
    items = items + 0.9 * random.normal(size=(customers, 4, 3))
    outcome = 6 + 1.1 * value + person[:, 0, 0] + 0.8 * random.normal(size=customers)
    terms = np.clip(np.round(items), 1, 10).mean(axis=2)
    return np.column_stack([terms, np.clip(np.round(outcome), 1, 10)])


def importance_of(answers: np.ndarray) -> np.ndarray:
    """Share of the explained variance by driver, by fitting every order in which they can enter."""
    correlations = np.corrcoef(answers.T)
    explained = {frozenset(): 0.0}
    for order in permutations(range(4)):
        for size in range(1, 5):
            entered = sorted(order[:size])
            if frozenset(entered) not in explained:
                known = correlations[entered, 4]
                slopes = np.linalg.solve(correlations[np.ix_(entered, entered)], known)
                explained[frozenset(entered)] = float(known @ slopes)
    shares = np.zeros(4)
    for order in permutations(range(4)):
        for place, driver in enumerate(order):
            before = explained[frozenset(order[:place])]
            shares[driver] += (explained[frozenset(order[: place + 1])] - before) / 24
    return shares / explained[frozenset(range(4))]


def effects_of(answers: np.ndarray) -> np.ndarray:
    """Slopes of the outcome on the four terms by least squares."""
    design = np.column_stack([np.ones(len(answers)), answers[:, :4]])
    return np.linalg.lstsq(design, answers[:, 4], rcond=None)[0][1:]


@pytest.fixture(scope="module")
def worlds() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The weights of each world, and its answers."""
    orders = list(permutations(WEIGHTS))
    random = np.random.default_rng(20)
    weights = [np.array(orders[world % len(orders)]) for world in range(WORLDS)]
    return weights, [answers_of(each, CUSTOMERS, random) for each in weights]


@pytest.fixture(scope="module")
def estimates(compiled_manifest, worlds) -> dict[tuple[int, str], tuple]:
    """What the SQL says of each world and driver: effect, importance and half their intervals."""
    connection = duckdb.connect()
    connection.execute("create schema intermediate")
    units = "hugeint, ".join(f"{name}_units " for name in (*DRIVERS, "outcome"))
    connection.execute(
        "create table intermediate.int_value_driver_answers (entity_id varchar, fiscal_year bigint,"
        f" outcome varchar, segment varchar, customer_id varchar, {units} hugeint)"
    )
    rows = np.concatenate(
        [
            np.column_stack([np.full(CUSTOMERS, world), np.arange(CUSTOMERS), np.round(each * 1e9)])
            for world, each in enumerate(worlds[1])
        ]
    ).astype(np.int64)
    names = ("world", "customer", *DRIVERS, "outcome")
    given = {name: rows[:, number] for number, name in enumerate(names)}
    connection.register("given", given)
    connection.execute(
        "insert into intermediate.int_value_driver_answers"
        " select world::varchar, 2024, 'outcome', 's', 'c' || customer,"
        f" {', '.join(DRIVERS)}, outcome from given"
    )
    nodes = {node["name"]: node for node in compiled_manifest["nodes"].values()}
    for model in MODELS:
        sql = EMPTIED.sub(r"\1", nodes[model]["compiled_code"]).replace('"twofold".', "")
        connection.execute(f"create table intermediate.{model} as {sql}")
    found = connection.execute(
        "select entity_id, driver, effect_units / 1e9, effect_half_units / 1e9,"
        " importance_units / 1e9, importance_half_units / 1e9"
        " from intermediate.int_value_driver_estimates where segment = '(all)'"
    ).fetchall()
    return {(int(world), driver): tuple(numbers) for world, driver, *numbers in found}


def test_the_sql_fits_what_least_squares_over_all_orders_fit(worlds, estimates):
    for world in (0, 7, 113):
        effects = [estimates[world, driver][0] for driver in DRIVERS]
        shares = [estimates[world, driver][2] for driver in DRIVERS]
        assert effects == pytest.approx(list(effects_of(worlds[1][world])), abs=1e-7)
        assert shares == pytest.approx(list(importance_of(worlds[1][world])), abs=1e-7)


def test_the_ranking_of_the_drivers_is_recovered(worlds, estimates):
    first = pairs = 0
    for world, weights in enumerate(worlds[0]):
        shares = np.array([estimates[world, driver][2] for driver in DRIVERS])
        first += np.argmax(shares) == np.argmax(weights)
        pairs += sum(
            (shares[one] > shares[other]) == (weights[one] > weights[other])
            for one in range(4)
            for other in range(one)
        )
    assert first >= 0.97 * WORLDS, f"the strongest driver was found in {first} of {WORLDS} worlds"
    assert pairs >= 0.95 * WORLDS * 6, f"{pairs} of {WORLDS * 6} pairs stand in the true order"


def test_intervals_hold_the_truth_nine_times_in_ten_and_are_narrow(worlds, estimates):
    random = np.random.default_rng(21)
    truths = {}
    for order in permutations(WEIGHTS):
        population = answers_of(np.array(order), POPULATION, random)
        truths[order] = effects_of(population), importance_of(population)
    hits = np.zeros((2, 4), dtype=int)
    widths = np.zeros(2)
    for world, weights in enumerate(worlds[0]):
        for number, driver in enumerate(DRIVERS):
            effect, effect_half, share, share_half = estimates[world, driver]
            effects, shares = truths[tuple(weights)]
            hits[0, number] += abs(effect - effects[number]) <= effect_half
            hits[1, number] += abs(share - shares[number]) <= share_half
            widths += np.array([effect_half, share_half]) * 2 / (WORLDS * 4)
    assert hits.min() >= 170 and hits.max() <= 190, f"hits of effects and of importance: {hits}"
    assert widths[0] <= 0.16 and widths[1] <= 0.13, f"mean widths: {widths}"
