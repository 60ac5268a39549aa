"""The static site: what a publication says, as pages that open from the file system.

Belongs here: reading the published marts and drawing them. Does not: business rules; every figure
is a sum, a count or a selection of mart rows, and the marts decide what it means.
"""
