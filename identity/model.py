"""The probabilistic part: Splink's model of Fellegi and Sunter, on DuckDB.

Belongs here: which fields are compared in which levels, the score of a pair, training. Does not:
which score makes two records one party (policy and ``clusters`` do).

Source of the method: Fellegi and Sunter (1969), A theory for record linkage; weights are
log2(m / u), m the chance of a level among records of one party, u among records of two.
"""

import logging
from collections.abc import Mapping

import duckdb

from identity.records import BLOCKS

SHARED_GRAMS = "shared_grams(address_grams_l, address_grams_r)"
FEWER_GRAMS = "least(len(address_grams_l), len(address_grams_r))"
# People of one household share address, telephone and mailbox: there, with names that do not
# agree, sharing them says little. The model takes fields as independent, so this is a level.
OTHER_NAME = (
    "name_key_l is not null and name_key_r is not null and name_level(name_words_l, name_words_r)"
    " in ('one_word', 'different_number', 'different')"
)

NEARLY_ONE_ADDRESS = f"5 * {SHARED_GRAMS} >= 4 * {FEWER_GRAMS}"
# of house number and postcode one at least is the same, where both addresses have any
ONE_NUMBER = (
    "(len(address_numbers_l) = 0 or len(address_numbers_r) = 0"
    " or list_has_any(address_numbers_l, address_numbers_r))"
)

# field → its levels in the order they are tried, each a condition over the two records; the last
# one takes what is left
LEVELS: dict[str, dict[str, str]] = {
    # name_level, a condition at a time: nothing dear is asked of names that something cheap settles
    "name": {
        "same": "name_key_l = name_key_r",
        "different_number": "name_numbers_l <> name_numbers_r",
        "spelling": "names_spelled_alike(name_words_l, name_words_r)",
        "similar": "names_similar(name_words_l, name_words_r)",
        "contained": "name_contained(name_words_l, name_words_r)",
        "one_word": "names_share_a_word(name_words_l, name_words_r)",
    },
    "email": {
        "shared": f"email_key_l = email_key_r and {OTHER_NAME}",
        "same": "email_key_l = email_key_r",
        # mailboxes of people with one name differ by a number
        "spelling": (
            "email_digits_l = email_digits_r"
            " and abs(length(email_key_l) - length(email_key_r)) <= 2"
            " and damerau_levenshtein(email_key_l, email_key_r) <= 2"
        ),
    },
    "phone": {
        "shared": f"phone_key_l = phone_key_r and {OTHER_NAME}",
        "same": "phone_key_l = phone_key_r",
        "spelling": (
            "abs(length(phone_key_l) - length(phone_key_r)) <= 1"
            " and damerau_levenshtein(phone_key_l, phone_key_r) <= 1"
        ),
    },
    "address": {
        "shared": f"{NEARLY_ONE_ADDRESS} and {ONE_NUMBER} and {OTHER_NAME}",
        "same": "address_key_l = address_key_r",
        "spelling": f"{NEARLY_ONE_ADDRESS} and {ONE_NUMBER}",
        "other_house": f"5 * {SHARED_GRAMS} >= 3 * {FEWER_GRAMS} and not {ONE_NUMBER}",
        "similar": f"5 * {SHARED_GRAMS} >= 3 * {FEWER_GRAMS}",
        "in_part": f"5 * {SHARED_GRAMS} >= 2 * {FEWER_GRAMS}",
    },
    "birth_date": {
        "same": "birth_date_key_l = birth_date_key_r",
        "spelling": "damerau_levenshtein(birth_date_key_l, birth_date_key_r) <= 1",
    },
}
LAST = "different"
# a rare name says more than a common one
WEIGHED_BY_FREQUENCY = ("name", "email", "phone", "address")

# m and u by field and level
Weights = Mapping[tuple[str, str], tuple[float, float]]


def levels() -> list[tuple[str, str]]:
    """Every field and level that needs a weight."""
    return [(field, level) for field in LEVELS for level in (*LEVELS[field], LAST)]


def _comparison(field: str, weights: Weights, trained: bool = False) -> dict:
    """One field as Splink wants it told."""
    found = [
        {
            "sql_condition": f"{field}_key_l is null or {field}_key_r is null",
            "label_for_charts": "empty",
            "is_null_level": True,
        }
    ]
    for level, condition in (*LEVELS[field].items(), (LAST, "else")):
        told = {"sql_condition": condition, "label_for_charts": level}
        told["m_probability"], told["u_probability"] = weights[field, level]
        if trained and level == "shared":
            told |= {"fix_m_probability": True, "fix_u_probability": True}
        if level == "same" and field in WEIGHED_BY_FREQUENCY:
            told |= {
                "tf_adjustment_column": f"{field}_term",
                "disable_tf_exact_match_detection": True,
            }
        found.append(told)
    return {"output_column_name": field, "comparison_levels": found}


def _linker(connection: duckdb.DuckDBPyConnection, weights: Weights, trained: bool = False):
    """Splink over the table ``prepared``; fields that no record has are left out."""
    # Splink speaks at every step; a night does not
    logging.getLogger("splink").setLevel(logging.ERROR)
    from splink import Linker, SettingsCreator
    from splink.backends.duckdb import DuckDBAPI

    filled = connection.execute(
        "select " + ", ".join(f"count({field}_key)" for field in LEVELS) + " from prepared"
    ).fetchall()[0]
    fields = [f for f, count in zip(LEVELS, filled, strict=True) if count]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[_comparison(field, weights, trained) for field in fields],
        blocking_rules_to_generate_predictions=[
            {
                "blocking_rule": (
                    f"l.entity_id = r.entity_id and l.block_{name} = r.block_{name}"
                    " and l.settled <> r.settled"
                ),
                "sql_dialect": "duckdb",
            }
            for name in BLOCKS
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
        # even odds: what two records of one entity have before anything is compared depends on how
        # many records it has, and is added to each pair's weight
        probability_two_random_records_match=0.5,
    )
    api = DuckDBAPI(connection)
    return Linker(api.register("prepared"), settings, log_level=logging.ERROR), api, fields


def score(
    connection: duckdb.DuckDBPyConnection, weights: Weights, population: int, least: float
) -> None:
    """Make the temporary table ``scored`` of pairs worth a look.

    Args:
        connection: holds ``prepared``, with a column ``settled``: records that share it are one
            party already, and are not compared.
        weights: m and u of every level.
        population: records an entity is taken to have at least; of frequencies in a smaller set
            little can be learned.
        least: log2 of the odds under which a pair is left out.

    ``scored`` has low_id < high_id (record_id) and odds: log2 of the odds that the two are one
    party, at six decimals.
    """
    linker, api, fields = _linker(connection, weights)
    for field in set(fields) & set(WEIGHED_BY_FREQUENCY):
        # the others who have the value, drawn towards the weight's own chance where there are few
        connection.execute(
            f"create or replace temp table frequency_{field} as select {field}_term,"
            f" (count(*) - 1 + {float(weights[field, 'same'][1])!r} * {int(population)})"
            f" / (any_value(size) - 1 + {int(population)}) as tf_{field}_term"
            f" from (select {field}_term, count(*) over (partition by entity_id) as size"
            f" from prepared) where {field}_term is not null group by {field}_term"
        )
        linker.table_management.register_term_frequency_lookup(
            api.register(f"frequency_{field}"), f"{field}_term"
        )
    pairs = linker.inference.predict()
    connection.execute(
        f"""
        create or replace temp table scored as
        with
        sizes as (
            select entity_id, greatest(count(*), {int(population)}) as size
            from prepared group by entity_id
        ),
        weighed as (
            select
                least(record_id_l, record_id_r) as low_id,
                greatest(record_id_l, record_id_r) as high_id,
                cast(round(match_weight - log2(sizes.size), 6) as decimal(18, 6)) as odds
            from {pairs.physical_name} as pairs
            inner join prepared on pairs.record_id_l = prepared.record_id
            inner join sizes on prepared.entity_id = sizes.entity_id
        )
        select low_id, high_id, odds from weighed where odds >= {float(least)}
        """
    )


def train(
    connection: duckdb.DuckDBPyConnection, start: Weights, pairs: int = 1_000_000
) -> dict[tuple[str, str], tuple[float, float]]:
    """m and u of every level, learned without labels: u from random pairs, m by EM.

    Run by hand, never at night: weights in force are a policy (``policy_identity_weights``), so
    that yesterday's new record does not change what the others are.

    Args:
        connection: holds ``prepared``.
        start: weights to start from; they stay where the records have nothing to teach, and for
            the levels ``shared``, which a model of independent fields cannot learn.
        pairs: random pairs that u is counted in.
    """
    from splink import block_on

    linker, _, fields = _linker(connection, start, trained=True)
    linker.training.estimate_u_using_random_sampling(
        max_pairs=pairs, seed=1, min_count_per_level=None, num_chunks=1
    )
    for block in ("name", "phone", "birth_date", "house_and_street"):
        count = connection.execute(f"select count(block_{block}) from prepared").fetchall()[0][0]
        if count:
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on("entity_id", f"block_{block}"), estimate_without_term_frequencies=True
            )
    told = {c["output_column_name"]: c for c in linker.misc.save_model_to_json()["comparisons"]}
    found = dict(start)
    for field in fields:
        for level in told[field]["comparison_levels"]:
            key = field, level["label_for_charts"]
            if key in start and key[1] != "shared":
                m, u = level.get("m_probability"), level.get("u_probability")
                found[key] = (m or start[key][0], u or start[key][1])
    return found
