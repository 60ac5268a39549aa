"""Great Expectations suites as code, and the two gates that run them.

Belongs here: judgement (ranges, distributions, drift, freshness) with its reasons. Does not: exact
truth such as sums, keys and closure (dbt tests own it), Dagster, or when a gate runs.
"""

import os

# Before Great Expectations is imported anywhere: no usage statistics leave this machine.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
