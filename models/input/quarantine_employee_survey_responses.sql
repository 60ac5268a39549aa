{{ quarantined_rows('employee_survey_responses') }}
