"""Stand-ins for macros, so that sqlfluff can parse a model without dbt and without a database.

Each returns SQL of the right shape; the lint looks at what is written in the models around it.
"""


class dbt:
    """dbt's own macros that models call."""

    @staticmethod
    def type_string():
        return "varchar"

    @staticmethod
    def listagg(measure, delimiter):
        return f"({measure})"

    @staticmethod
    def dateadd(part, number, day):
        return f"({day})"

    @staticmethod
    def datediff(first, second, part):
        return f"({second})"


def var(name, default=None):
    known = {"sources": {"landing": ["customers"]}, "service_departments_at_most": 2}
    return known.get(name, "item")


def type_whole():
    return "hugeint"


def trailing_periods():
    return 12


def _expression(*arguments, **named):
    return f"({arguments[0]})"


to_units = divide_whole = divide_rounded = units_to_money = ratio_of_units = _expression
amount_at_rate = _expression
score_units = units_to_score = fixed_ln = fixed_exp = fixed_sqrt = share_units = _expression
normal_share_below = student_t_90 = mean_of_present = convert_currency = _expression
units_in_a_minor_unit = minor_units_to_money = json_text = list_of = _expression
share_end = share_difference_end = cohens_h = two_proportion_z = _expression
told_count = outside_largest = recommendation_group = _expression
effective_respondents = effective_respondents_units = clustered_mean_half_width = _expression
clusters_by_size_units = told_variance = assumed_deviation = _expression
response_rate_units = _expression
even_score_variance = even_share_variance = _expression
explained_share = float_to_units = correlation_of_sums = plain_text = _expression


def determinant(rows, columns):
    return "1e0"


def scores_of(mart):
    return [{"name": "x", "n": "n", "low": "l", "high": "h", "status": ["reliability"]}]


def driver_sets():
    return ["1", "12", "1234"]


def rows_with_source_id(relation, input_table, columns):
    return f"keyed as (select {', '.join(columns)}, source_id from {relation})"


def released_windows():
    return "releases as (select 1 as entity_id, 1 as window_period_index)"


def opened_cells():
    return "opened as (select entity_id, window_period_index, 1 as is_open from releases)"


def all_alike(prefix, sides):
    return "min(1) = max(1)"


def accepted_rows():
    return "select 1 as one"


def quarantined_rows(input_table):
    return "select 1 as one"


def control_total_rows(input_table):
    return "select 1 as one"


def apportion(name, from_relation, columns, **named):
    return f"{name} as (select {', '.join(columns)}, 1 as apportioned_units from {from_relation})"


def operation_measures():
    return ["hassle_effect_units"]


def operations_by_term(alias):
    return f"sum({alias}.effect_units) as hassle_effect_units"


def grain_of(name):
    return ["entity_id"]


def normalised(*arguments, **named):
    return f"({arguments[0]})"


def with_frozen_rows(mart, columns, kind="profit"):
    return f"select {', '.join(columns)} from computed"


def compared_versions(kind, mart, computed, columns):
    keys = "entity_id, month_start_date, old_version"
    about = "new_version, restatement_status, prepared_by, approved_by, reason"
    return (
        f"comparisons as (select {keys}, {about} from books),\n"
        f"versions as (select {keys}, customer_id, {', '.join(columns)}, is_new from {mart})"
    )


def booked_days(rows, input_table, day_column, grain=("entity_id", "source_id")):
    return (
        f"inner join days on {rows}.entity_id = days.entity_id\n"
        "    left join booking on days.entity_id = booking.entity_id"
    )


def booked_month():
    return "coalesce(booking.booked_month_start_date, days.month_start_date)"


def is_booked():
    return "booking.entity_id is null"


def pnl_lines():
    return [("revenue", 10, "invoice_amount"), ("discounts", 20, "-discount_amount")]
