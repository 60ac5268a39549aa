-- One outbound contact against the caps in force: too much is a contact sent although the window
-- before it already held as many as the cap allows, over all channels (*) or in its own.
with

contacts as (

    select
        contacts.entity_id,
        contacts.record_source,
        contacts.source_id,
        contacts.customer_id,
        contacts.sent_at,
        cast(contacts.sent_at as date) as sent_on,
        coalesce(contacts.channel, '(none)') as channel,
        coalesce(contacts.campaign_id, '(none)') as campaign_id,
        coalesce(contacts.opened, false) as is_opened,
        coalesce(contacts.opted_out, false) as is_opted_out,
        days.month_start_date,
        days.period_index,
        {{ convert_currency(
            'contacts.cost_amount', 'rates.rate_numerator', 'rates.rate_denominator',
            'contacts.currency <> entities.currency'
        ) }} as cost_amount
    from {{ ref('input_contacts') }} as contacts
    inner join {{ ref('int_entities') }} as entities
        on contacts.entity_id = entities.entity_id
    inner join {{ ref('int_entity_days') }} as days
        on
            contacts.entity_id = days.entity_id
            and cast(contacts.sent_at as date) = days.date_day
    left join {{ ref('int_fx_rates_monthly') }} as rates
        on
            contacts.entity_id = rates.entity_id
            and days.month_start_date = rates.month_start_date
            and contacts.currency = rates.currency
    where contacts.customer_id <> '{{ var("unknown_customer_id") }}'

),

-- each contact's place in its customer's row of contacts, over all channels and in its own
placed as (

    select
        entity_id, record_source, source_id, customer_id, sent_on, '*' as cap_channel,
        row_number() over (
            partition by entity_id, customer_id
            order by sent_at, record_source, source_id
        ) as position
    from contacts

    union all

    select
        entity_id, record_source, source_id, customer_id, sent_on, channel as cap_channel,
        row_number() over (
            partition by entity_id, customer_id, channel
            order by sent_at, record_source, source_id
        ) as position
    from contacts

),

caps as (

    select
        placed.entity_id,
        placed.record_source,
        placed.source_id,
        placed.customer_id,
        placed.cap_channel,
        placed.sent_on,
        placed.position,
        caps.contacts_at_most,
        caps.window_days
    from placed
    inner join {{ ref('policy_contact_caps') }} as caps
        on
            caps.entity_id in ('*', placed.entity_id)
            and placed.cap_channel = caps.channel
            and placed.sent_on
            between caps.valid_from and coalesce(caps.valid_to, date '9999-12-31')
    qualify row_number() over (
        partition by placed.entity_id, placed.record_source, placed.source_id, placed.cap_channel
        order by
            case when caps.entity_id = '*' then 1 else 0 end,
            caps.valid_from desc
    ) = 1

),

over_caps as (

    select distinct
        caps.entity_id,
        caps.record_source,
        caps.source_id
    from caps
    inner join placed as earlier
        on
            caps.entity_id = earlier.entity_id
            and caps.customer_id = earlier.customer_id
            and caps.cap_channel = earlier.cap_channel
            and caps.position - caps.contacts_at_most = earlier.position
    where {{ dbt.datediff('earlier.sent_on', 'caps.sent_on', 'day') }} < caps.window_days

),

final as (

    select
        contacts.entity_id,
        contacts.record_source,
        contacts.source_id,
        contacts.customer_id,
        contacts.month_start_date,
        contacts.period_index,
        contacts.channel,
        contacts.campaign_id,
        contacts.cost_amount,
        contacts.is_opened,
        contacts.is_opted_out,
        over_caps.source_id is not null as is_over_cap,
        coalesce(max(case when contacts.is_opted_out then 1 else 0 end) over (
            partition by contacts.entity_id, contacts.customer_id, contacts.channel
            order by contacts.sent_at, contacts.record_source, contacts.source_id
            rows between unbounded preceding and 1 preceding
        ), 0) = 1 as is_after_opt_out
    from contacts
    left join over_caps
        on
            contacts.entity_id = over_caps.entity_id
            and contacts.record_source = over_caps.record_source
            and contacts.source_id = over_caps.source_id

)

select * from final
