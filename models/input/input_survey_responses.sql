-- A table: it is read many times, and a view would parse, check and match every row each time.
{{ config(materialized='table') }}
{{ accepted_rows() }}
