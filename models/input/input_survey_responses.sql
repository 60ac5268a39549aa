{{ accepted_rows() }}
