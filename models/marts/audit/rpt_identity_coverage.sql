-- Keys by what became of them, and questions that wait for a person.
with

counted as (

    select
        entity_id,
        source_system,
        resolution_status,
        match_rule,
        count(*) as keys_count,
        count(distinct party_id) as parties_count
    from {{ source('build', 'identity_links') }}
    group by entity_id, source_system, resolution_status, match_rule

),

totalled as (

    select
        entity_id,
        source_system,
        resolution_status,
        match_rule,
        keys_count,
        parties_count,
        sum(keys_count) over (partition by entity_id, source_system) as all_keys_count
    from counted

),

final as (

    select
        entity_id,
        source_system,
        resolution_status,
        match_rule,
        cast(keys_count as bigint) as keys_count,
        cast(parties_count as bigint) as parties_count,
        {{ units_to_score(share_units('keys_count', 'all_keys_count')) }} as keys_share
    from totalled

)

select * from final
