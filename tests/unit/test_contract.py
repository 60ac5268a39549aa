from orchestration import contract


def test_contract_requires_customers_cost_and_revenue_and_nothing_else():
    required = {name for name, table in contract.contract_tables().items() if table.required}
    assert required == {"customers", "cost_entries", "revenue_lines"}


def test_file_need_not_name_its_entity_or_lineage():
    for table in contract.contract_tables().values():
        names = {column.name: column for column in table.columns}
        assert "record_source" not in names
        assert not names["entity_id"].required
        assert not names["source_id"].required
        assert not names["recorded_at"].required


def test_every_table_has_an_owner_key_and_a_time_of_recording():
    for name, table in contract.contract_tables().items():
        assert {"entity_id", "source_id", "recorded_at"} <= {c.name for c in table.columns}, name


def test_money_is_decimal_and_nothing_is_a_float():
    for table in contract.contract_tables().values():
        for column in table.columns:
            assert column.data_type not in ("double", "float", "real"), (table.name, column.name)
            if column.name.endswith("_amount"):
                assert column.data_type == "decimal(18,4)", (table.name, column.name)


def test_sources_in_their_own_shape_are_found_beside_the_contract():
    assert set(contract.source_tables()) == {"adventureworks", "olist", "online_retail"}
    assert contract.contract_tables()["customers"].relation == '"landing"."customers"'
