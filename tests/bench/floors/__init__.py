"""The hand-written minimum each goal is held against: no FHIR models, no rules, nothing spared."""
