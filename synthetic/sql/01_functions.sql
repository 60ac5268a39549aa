-- Everything random here is a function of hash(seed, key, purpose): no order of rows, number of
-- threads or size of batch can change a value. Only + - * / on floats, which every machine
-- computes alike; no logarithm, exponential or power.

create or replace macro draw(key, purpose) as
    hash(hash(key, purpose, getvariable('seed')));

-- uniform in [0, 1)
create or replace macro uniform(key, purpose) as
    cast(draw(key, purpose) >> 11 as double) / 9007199254740992.0;

-- whole number in 0 .. bound - 1
create or replace macro pick_number(key, purpose, bound) as
    cast(floor(uniform(key, purpose) * bound) as bigint);

-- near-normal with mean 0 and variance 1: four uniforms of 16 bits, added
create or replace macro bell(key, purpose) as (
    cast(
        (draw(key, purpose) & 65535) + ((draw(key, purpose) >> 16) & 65535)
        + ((draw(key, purpose) >> 32) & 65535) + (draw(key, purpose) >> 48)
        as double
    ) - 131070.0
) / 37837.0;

-- an S-shaped curve from 0 to 1 without an exponential
create or replace macro s_curve(x) as 0.5 + 0.5 * (x) / (1.0 + abs(x));

create or replace macro clamp(x, low, high) as least(greatest(x, low), high);

create or replace macro choose(key, purpose, options) as
    options[1 + pick_number(key, purpose, len(options))];

-- a moment of a day, in working hours
create or replace macro moment_of(day, key, purpose) as
    cast(day as timestamp)
    + to_seconds(28800 + pick_number(key, purpose, 36000));

create or replace macro money(x) as cast(x as decimal(18, 4));
