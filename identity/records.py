"""Records made comparable: folded names, addresses in trigrams, keys without punctuation.

Belongs here: what a field looks like once spelling, case and order of words are taken out, and
which values are shared by too many to tell anybody apart. Does not: what agreement is worth.
"""

import duckdb

# The fields of the contract that speak of the party; each may be empty.
FIELDS = ("name", "email", "phone", "address", "tax_id", "birth_date")

# Words that say what a company is and not which one.
LEGAL_FORMS = (
    "ab", "ag", "bv", "co", "corp", "corporation", "gmbh", "inc", "incorporated", "kg", "limited",
    "llc", "llp", "ltd", "nv", "oy", "plc", "sa", "sarl", "se", "spa", "srl",
)  # fmt: skip

PLACE = "coalesce(numbers[-1], street_words[-1])"
INITIAL = "left(name_words[-1], 1)"
# whatever the order of the words
FIRST_INITIAL = "list_min(list_transform(name_words, lambda word: left(word, 1)))"

# Two records are compared where they share one of these; where too many share a value, where they
# share what narrows it as well. Pairs then grow with the records and not with their square.
BLOCKS = {
    "email": ("email_key", FIRST_INITIAL),
    "phone": ("phone_key", FIRST_INITIAL),
    "name": ("name_key", PLACE),
    "last_name_and_initial": ("name_words[-1] || left(name_words[1], 1)", PLACE),
    "first_name_and_place": (f"name_words[1] || {PLACE}", INITIAL),
    "house_and_street": ("numbers[1] || street_words[1]", FIRST_INITIAL),
    "house_and_place": (
        "numbers[1] || coalesce(case when len(numbers) > 1 then numbers[-1] end, street_words[-1])",
        FIRST_INITIAL,
    ),
    "house_and_name": ("numbers[1] || left(name_words[1], 1) || left(name_words[-1], 1)", PLACE),
    "birth_date": ("birth_date_key", FIRST_INITIAL),
}

MACROS = r"""
create or replace temp macro folded(text) as nullif(trim(regexp_replace(
    replace(strip_accents(lower(text)), 'ß', 'ss'), '[^\p{L}\p{N}]+', ' ', 'g'
)), '');

create or replace temp macro words_of(text) as
    list_filter(string_split(coalesce(text, ''), ' '), lambda word: word <> '');

create or replace temp macro grams_of(text) as list_distinct(list_transform(
    range(1, greatest(length(text) - 1, 2)), lambda place: substr(text, place, 3)
));

-- of lists without doubles; a few times as fast as list_intersect
create or replace temp macro shared_grams(a, b) as
    len(list_filter(a, lambda gram: list_contains(b, gram)));

create or replace temp macro digits_of(text) as regexp_replace(text, '[^0-9]', '', 'g');

-- five digits at least and not one over and over, which is a number nobody has; country and trunk
-- prefixes are left off
create or replace temp macro number_key(digits) as case
    when length(digits) >= 5 and length(replace(digits, left(digits, 1), '')) > 0
        then right(digits, 9)
end;

create or replace temp macro numbers_in(words) as
    list_sort(regexp_extract_all(array_to_string(words, ' '), '[0-9]+'));

-- first and last word, in either order: how alike the less alike pair of them is
create or replace temp macro weakest_word(a, b) as case
    when len(a) > 1 and len(b) > 1 then greatest(
        least(
            jaro_winkler_similarity(a[1], b[1]), jaro_winkler_similarity(a[-1], b[-1])
        ),
        least(jaro_winkler_similarity(a[1], b[-1]), jaro_winkler_similarity(a[-1], b[1]))
    )
    else jaro_winkler_similarity(array_to_string(a, ''), array_to_string(b, ''))
end;

create or replace temp macro names_spelled_alike(a, b) as
    weakest_word(a, b) >= 0.94
    or (
        len(a) <> len(b)
        and jaro_winkler_similarity(array_to_string(a, ''), array_to_string(b, '')) >= 0.95
    );

create or replace temp macro names_similar(a, b) as weakest_word(a, b) >= 0.82;

create or replace temp macro name_contained(a, b) as list_has_all(a, b) or list_has_all(b, a);

create or replace temp macro names_share_a_word(a, b) as
    greatest(
        jaro_winkler_similarity(a[1], b[1]), jaro_winkler_similarity(a[-1], b[-1]),
        jaro_winkler_similarity(a[1], b[-1]), jaro_winkler_similarity(a[-1], b[1])
    ) >= 0.94;

create or replace temp macro name_level(a, b) as case
    when list_sort(a) = list_sort(b) then 'same'
    when numbers_in(a) <> numbers_in(b) then 'different_number'
    when names_spelled_alike(a, b) then 'spelling'
    when names_similar(a, b) then 'similar'
    when name_contained(a, b) then 'contained'
    when names_share_a_word(a, b) then 'one_word'
    else 'different'
end;

create or replace temp macro names_agree(a, b) as
    len(a) > 0 and len(b) > 0 and name_level(a, b) in ('same', 'spelling');
"""

PREPARED = r"""
create or replace temp table prepared as
with

folded as (

    select
        record_id,
        entity_id,
        words_of(folded(name)) as all_name_words,
        nullif(trim(lower(email)), '') as email_text,
        number_key(digits_of(phone)) as phone_key,
        -- a street's kind is written in many ways
        words_of(regexp_replace(
            regexp_replace(folded(address), '(str|strasse)\b', 'st', 'g'), '\bstreet\b', 'st', 'g'
        )) as address_words,
        nullif(digits_of(cast(birth_date as varchar)), '') as birth_date_key,
        -- letters and digits as they stand; without a digit it is a remark such as "n/a"
        case when regexp_matches(tax_id, '[0-9]')
            then upper(regexp_replace(tax_id, '[^\p{L}\p{N}]', '', 'g'))
        end as tax_key
    from records

),

worded as (

    select
        record_id,
        entity_id,
        case
            when len(list_filter(all_name_words, lambda w: not list_contains($legal_forms, w))) > 0
                then list_filter(all_name_words, lambda w: not list_contains($legal_forms, w))
            else all_name_words
        end as name_words,
        case when email_text like '%_@_%' then email_text end as email_key,
        phone_key,
        address_words,
        birth_date_key,
        list_filter(address_words, lambda w: regexp_matches(w, '^[0-9]+[a-z]?$')) as numbers,
        list_filter(address_words, lambda w: not regexp_matches(w, '[0-9]')) as street_words,
        tax_key
    from folded

),

keyed as (

    select
        record_id,
        entity_id,
        nullif(array_to_string(list_sort(name_words), ' '), '') as name_key,
        name_words,
        numbers_in(name_words) as name_numbers,
        email_key,
        digits_of(email_key) as email_digits,
        phone_key,
        nullif(array_to_string(address_words, ' '), '') as address_key,
        case when len(address_words) > 0
            then grams_of(array_to_string(list_sort(address_words), ' '))
        end as address_grams,
        numbers as address_numbers,
        birth_date_key,
        tax_key,
        {blocks}
    from worded

),

{crowds}

select
    keyed.record_id,
    keyed.entity_id,
    keyed.name_key,
    keyed.name_words,
    keyed.name_numbers,
    keyed.email_key,
    keyed.email_digits,
    keyed.phone_key,
    keyed.address_key,
    keyed.address_grams,
    keyed.address_numbers,
    keyed.birth_date_key,
    keyed.tax_key,
    keyed.entity_id || '|' || keyed.name_key as name_term,
    keyed.entity_id || '|' || keyed.email_key as email_term,
    keyed.entity_id || '|' || keyed.phone_key as phone_term,
    keyed.entity_id || '|' || keyed.address_key as address_term,
    {guarded}
from keyed
{joins}
order by keyed.record_id
"""


def prepare(connection: duckdb.DuckDBPyConnection, block_at_most: int) -> None:
    """Make the temporary table ``prepared`` from the table ``records``.

    Args:
        connection: holds ``records``: record_id (0, 1, …), entity_id and the FIELDS as text, one
            row a record.
        block_at_most: a value that more records of one entity share is by itself no reason to
            compare them.
    """
    connection.execute(MACROS)
    made = ",\n        ".join(
        f"{key} as block_{name},\n        {narrower} as narrower_{name}"
        for name, (key, narrower) in BLOCKS.items()
    )
    crowds = ",\n\n".join(
        f"""crowds_{name} as (
    select entity_id, block_{name} from keyed where block_{name} is not null
    group by entity_id, block_{name} having count(*) > {int(block_at_most)}
),

circles_{name} as (
    select keyed.entity_id, keyed.block_{name}, keyed.narrower_{name}
    from keyed inner join crowds_{name} using (entity_id, block_{name})
    where keyed.narrower_{name} is not null
    group by keyed.entity_id, keyed.block_{name}, keyed.narrower_{name}
    having count(*) <= {int(block_at_most)}
)"""
        for name in BLOCKS
    )
    guarded = ",\n    ".join(
        f"case when crowds_{name}.entity_id is null then keyed.block_{name}"
        f" when circles_{name}.entity_id is not null"
        f" then keyed.block_{name} || '|' || keyed.narrower_{name} end as block_{name}"
        for name in BLOCKS
    )
    joins = "\n".join(
        f"left join crowds_{name} on keyed.entity_id = crowds_{name}.entity_id"
        f" and keyed.block_{name} = crowds_{name}.block_{name}\n"
        f"left join circles_{name} on keyed.entity_id = circles_{name}.entity_id"
        f" and keyed.block_{name} = circles_{name}.block_{name}"
        f" and keyed.narrower_{name} = circles_{name}.narrower_{name}"
        for name in BLOCKS
    )
    sql = PREPARED
    for place, part in (
        *(("{blocks}", made), ("{crowds}", crowds)),
        *(("{guarded}", guarded), ("{joins}", joins)),
    ):
        sql = sql.replace(place, part)
    connection.execute(sql, {"legal_forms": list(LEGAL_FORMS)})
