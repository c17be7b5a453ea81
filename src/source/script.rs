//! Scenarios: what a source would have said and what a user would have typed, written down in a file for tests.
